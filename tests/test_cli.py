"""The `credit-notes` command: what it serves and prints, and how it tells what is wrong."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner, Result

from app import telemetry
from app.cli import main
from app.sandbox.server import Addresses, bind, serving_in_thread
from tests.support.console import free_ports, running_command
from tests.support.running import asking, controlling

ROOT = Path(__file__).parents[1]
SECRET = "a text of thirty-two or more characters signs cursors"


@pytest.fixture(autouse=True)
def usual_logs() -> Iterator[None]:
    yield
    telemetry.configure(json=True)  # `check` sets the process's log format by its settings


@pytest.fixture(scope="module")
def addresses() -> Iterator[Addresses]:
    with serving_in_thread() as found:
        yield found


def run(*arguments: str, **environment: str) -> Result:
    return CliRunner(env={"CREDIT_NOTES_CONFIG": None, **environment}).invoke(main, arguments)


def mistakes(result: Result) -> list[str]:
    """What was told of a run that was refused: lines for people, each with the command's name, and no trace of a stack."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    lines = result.stderr.splitlines()
    assert all(line.startswith("credit-notes: ") for line in lines)
    return [line.removeprefix("credit-notes: ") for line in lines]


def accounts_file(folder: Path, *accounts: str) -> str:
    path = folder / "accounts.toml"
    path.write_text("\n".join(accounts))
    return str(path)


def test_serve_prints_where_it_listens_and_a_query_that_works() -> None:
    with running_command("serve", "--port", "0") as child:
        url = child.address("GraphiQL")
        child.answers(f"{url}/livez")
        assert "127.0.0.1" in url
        assert not url.endswith(":0")
        for text in ("INV-1001", "inv0000000001001", "00000000-0000-4000-8000-000000001001", "acme", "globex", "Ctrl-C"):
            assert text in child.printed
        query = child.printed.split("A first query:\n")[1].split("\nStop with")[0]
        with asking(url) as gateway:
            data = gateway.gql(query)
            assert data["invoiceByReference"]["details"]["creditable"] == {
                "adjustable": {"amount": "150.00"},
                "refundable": {"amount": "50.00"},
                "exact": True,
            }
            assert len(data["creditNotes"]["nodes"]) == 5
        with controlling(child.address("sandbox")) as control:
            assert control.books()["chargebee"]["invoices"]
        for provider in ("chargebee", "vcita", "zenskar"):
            assert httpx.get(child.address(provider)).status_code < 500


def test_serve_ends_on_a_signal_without_a_trace() -> None:
    with running_command("serve", "--port", "0") as child:
        child.answers(f"{child.address('GraphiQL')}/livez")
        child.process.send_signal(signal.SIGINT)
        child.process.wait(20)
    assert "Traceback" not in child.printed


def test_serve_on_a_port_that_is_taken_says_so() -> None:
    with bind("127.0.0.1", 0) as taken:
        taken.listen()
        port = str(taken.getsockname()[1])
        (told,) = mistakes(run("serve", "--port", port))
    assert port in told
    assert "--port" in told


def test_serve_with_accounts_needs_no_sandbox(addresses: Addresses, tmp_path: Path) -> None:
    config = accounts_file(
        tmp_path,
        f'[accounts.ours]\nprovider = "vcita"\nbase_url = "{addresses.providers["vcita"]}"\ntoken = {{ env = "OUR_TOKEN" }}',
    )
    environment = {"OUR_TOKEN": "tok-1", "CREDIT_NOTES_SECRET": SECRET}
    with running_command("serve", "--config", config, "--port", "0", environment=environment) as child:
        url = child.address("GraphQL")
        child.answers(f"{url}/livez")
        with asking(url) as gateway:
            assert gateway.gql("{ accounts { name provider } }") == {"accounts": [{"name": "ours", "provider": "VCITA"}]}
            assert len(gateway.gql("{ creditNotes(first: 3) { nodes { id } } }")["creditNotes"]["nodes"]) == 3
            refused = gateway.issue("ours", "inv0000000001002", {"total": {"amount": "1.00", "currency": "USD"}})
            assert [problem["code"] for problem in refused["errors"]] == ["FEATURE_DISABLED"]  # no ledger that outlives the process
            assert "writes refused" in gateway.http.get("/readyz").text
        assert "writes refused" in child.printed
        assert "tok-1" not in child.printed


def test_the_sandbox_serves_control_on_its_port_and_the_providers_on_the_next_three() -> None:
    port = free_ports()
    with running_command("sandbox", "--port", str(port)) as child:
        assert child.address("control") == f"http://127.0.0.1:{port}"
        providers = [child.address(name) for name in ("chargebee", "vcita", "zenskar")]
        assert providers == [f"http://127.0.0.1:{port + offset}" for offset in (1, 2, 3)]
        with controlling(f"http://127.0.0.1:{port}") as control:
            assert set(control.books()) == {"chargebee", "vcita", "zenskar", "invariants"}
        for url in providers:
            assert httpx.get(url).status_code < 500
        child.process.send_signal(signal.SIGINT)
        child.process.wait(20)
    assert "Traceback" not in child.printed


def test_the_sandbox_on_ports_that_are_taken_says_so() -> None:
    first = free_ports()
    with bind("127.0.0.1", first + 2) as taken:
        taken.listen()
        (told,) = mistakes(run("sandbox", "--port", str(first)))
    assert str(first) in told
    assert "--port" in told


def test_check_shows_every_account_in_a_table() -> None:
    result = run("check")
    assert (result.exit_code, result.stderr) == (0, "")
    head, *rows = [line.split() for line in result.stdout.splitlines()]
    assert head == ["ACCOUNT", "PROVIDER", "STATE", "LATENCY"]
    assert [row[:3] for row in rows] == [
        ["chargebee-demo", "chargebee", "OK"],
        ["vcita-demo", "vcita", "OK"],
        ["zenskar-demo", "zenskar", "OK"],
    ]
    assert all(row[3].isdigit() and row[4] == "ms" for row in rows)


def test_check_ends_with_one_when_an_account_fails(addresses: Addresses, tmp_path: Path) -> None:
    config = accounts_file(
        tmp_path,
        f'[accounts.good]\nprovider = "zenskar"\nbase_url = "{addresses.providers["zenskar"]}"\norganisation = "o"',
        'api_key = { env = "GOOD" }',
        f'[accounts.bad]\nprovider = "vcita"\nbase_url = "{addresses.providers["vcita"]}"\ntoken = {{ env = "BAD" }}',
    )
    result = run("check", "--config", config, GOOD="k", BAD="wrong")
    assert result.exit_code == 1
    rows = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert " OK " in rows["good"]
    assert "PROVIDER_UNAUTHENTICATED" in rows["bad"]
    assert "Traceback" not in result.output


def test_check_of_an_account_out_of_reach_ends_with_one(tmp_path: Path) -> None:
    with bind("127.0.0.1", 0) as closed:  # bound and not listening: whoever connects is refused
        port = closed.getsockname()[1]
        config = accounts_file(
            tmp_path, f'[accounts.gone]\nprovider = "vcita"\nbase_url = "http://127.0.0.1:{port}"\ntoken = {{ env = "T" }}'
        )
        result = run("check", "--config", config, T="t")
    assert result.exit_code == 1
    assert "PROVIDER_UNAVAILABLE" in result.stdout


def test_schema_prints_the_committed_schema() -> None:
    result = run("schema")
    assert (result.exit_code, result.stdout) == (0, (ROOT / "schema.graphql").read_text())


@pytest.mark.parametrize(
    ("arguments", "environment", "told"),
    [
        (["serve", "--host", "0.0.0.0"], {}, ["CREDIT_NOTES_HOST", "CREDIT_NOTES_OPEN=yes"]),
        (["serve", "--workers", "2"], {}, ["CREDIT_NOTES_WORKERS", "CREDIT_NOTES_REDIS_URL"]),
        (["serve", "--port", "70000"], {}, ["CREDIT_NOTES_PORT", "65535"]),
        (["serve"], {"CREDIT_NOTES_READ_TIMEOUT_S": "soon"}, ["CREDIT_NOTES_READ_TIMEOUT_S", "number"]),
        (["serve"], {"CREDIT_NOTES_SECRET": "short", "CREDIT_NOTES_REDIS_URL": "redis://127.0.0.1"}, ["CREDIT_NOTES_SECRET", "32"]),
        (["serve"], {"CREDIT_NOTES_WRITE_TIMEOUT_S": "60"}, ["CREDIT_NOTES_LEDGER_LEASE_S"]),
        (["serve"], {"CREDIT_NOTES_REDIS_URL": "redis://127.0.0.1"}, ["CREDIT_NOTES_SECRET"]),
        (["serve", "--config", "/nowhere.toml"], {}, ["/nowhere.toml"]),
        (["check"], {"CREDIT_NOTES_CONFIG": "/nowhere.toml"}, ["/nowhere.toml"]),
    ],
    ids=str,
)
def test_a_mistake_is_told_with_its_place_and_its_remedy(
    arguments: list[str], environment: dict[str, str], told: list[str]
) -> None:
    (line,) = mistakes(run(*arguments, **environment))
    for text in told:
        assert text in line


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    config = accounts_file(
        tmp_path,
        '[accounts.one]\nprovider = "stripe"',
        '[accounts.two]\nprovider = "chargebee"\napi_key = "written-in-the-file"\nnonsense = 1',
        '[accounts.three]\nprovider = "vcita"\ntoken = { env = "NOT_SET" }\nbase_url = "http://example.com"',
    )
    lines = mistakes(run("serve", "--config", config, "--host", "0.0.0.0", CREDIT_NOTES_LOG="loud"))
    for words in (
        ["one", "provider", "chargebee"],
        ["two", "api_key", "env"],
        ["two", "nonsense"],
        ["two", "site"],
        ["three", "token", "NOT_SET"],
        ["three", "base_url", "https"],
        ["CREDIT_NOTES_LOG"],
    ):
        assert any(all(word in line for word in words) for line in lines), (words, lines)
    assert "written-in-the-file" not in json.dumps(lines)


@pytest.mark.parametrize("arguments", [["serve", "--prot", "1"], ["nonsense"], ["serve", "--port", "x"]])
def test_what_is_no_command_is_refused_with_the_usage(arguments: list[str]) -> None:
    result = run(*arguments)
    assert result.exit_code == 2
    assert "Usage:" in result.stderr
    assert "Traceback" not in result.output


@pytest.mark.parametrize("arguments", [[], ["--help"], ["serve", "-h"], ["sandbox", "-h"], ["check", "-h"], ["schema", "-h"]])
def test_help_is_there_for_every_command(arguments: list[str]) -> None:
    assert "Usage:" in run(*arguments).output
