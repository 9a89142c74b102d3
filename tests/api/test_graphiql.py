"""The page in a real Chromium: it works with nothing but this machine, under its own content policy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import graphql
import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.api import graphiql_page
from app.sandbox.server import Addresses
from tests.api.browsing import BUILT, Visit, browsing, built_or_skip, visiting
from tests.api.examples import EXAMPLES, operation
from tests.support.running import SandboxControl, running
from tests.support.serving import served

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "app" / "api" / "graphiql"

SCHEMA = graphql.build_schema("""
    type Query { accounts: [Account!]! }
    type Account { name: String! provider: String! capabilities: Capabilities! }
    type Capabilities { operations: [Operation!]! dispositions: [String!]! issueFields: [String!]! filters: [String!]! }
    type Operation { operation: String! level: String! note: String }
""")
ABLE = {"operations": [{"operation": "GET", "level": "NATIVE"}], "dispositions": [], "issueFields": [], "filters": []}
ANSWER = {"accounts": [{"name": "chargebee-demo", "provider": "CHARGEBEE", "capabilities": ABLE}]}


def api(built: Path) -> Starlette:
    """A small GraphQL endpoint with the page in front, as the gateway has it, built or not."""

    async def page(_: Request) -> Response:
        return graphiql_page.page(built)

    async def answer(request: Request) -> Response:
        asked = await request.json()
        result = graphql.graphql_sync(SCHEMA, asked["query"], ANSWER, None, asked.get("variables"), asked.get("operationName"))
        return JSONResponse(result.formatted)

    routes = [Route("/graphql", page, methods=["GET"]), Route("/graphql", answer, methods=["POST"]), graphiql_page.assets(built)]
    return Starlette(routes=routes)


@pytest.fixture(scope="module")
def gateway_url(addresses: Addresses, control: SandboxControl) -> Iterator[str]:
    built_or_skip()
    control.reset()
    with running(addresses) as client:
        yield str(client.http.base_url).rstrip("/")


@pytest.fixture
def unbuilt_url(tmp_path: Path) -> Iterator[str]:
    with served(api(tmp_path / "absent")) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with browsing() as started:
        yield started


@pytest.fixture
def graphiql(browser: Browser, gateway_url: str) -> Iterator[Visit]:
    with visiting(browser, gateway_url) as visit:
        visit.opened()
        yield visit


def test_it_opens_with_one_tab_for_each_example(graphiql: Visit) -> None:
    names = [name.value for name in (operation(example).name for example in EXAMPLES) if name]
    expect(graphiql.page.get_by_role("tab")).to_contain_text(names)


def test_the_schema_is_read_by_introspection_and_shown_as_documentation(graphiql: Visit) -> None:
    graphiql.page.get_by_label("Show Documentation Explorer").click()
    graphiql.page.locator(".graphiql-doc-explorer").get_by_text("Query", exact=True).click()
    expect(graphiql.page.locator(".graphiql-doc-explorer")).to_contain_text("accounts")
    assert any(body["operationName"] == "IntrospectionQuery" for body in graphiql.bodies)


def test_the_first_example_runs_and_its_answer_is_shown(graphiql: Visit) -> None:
    graphiql.run()
    expect(graphiql.page.locator(".graphiql-response")).to_contain_text("chargebee-demo")


def test_an_example_sends_its_variables(graphiql: Visit) -> None:
    example = next(example for example in EXAMPLES if "CreditableBalance" in "\n".join(example["query"]))
    graphiql.page.get_by_role("tab", name="CreditableBalance").click()
    expect(graphiql.page.locator(".graphiql-editor-tool")).to_contain_text("INV-1002")
    with graphiql.page.expect_request(lambda request: "CreditableBalance" in (request.post_data or "")):
        graphiql.run()
    assert graphiql.bodies[-1]["variables"] == example["variables"]


def test_the_note_of_the_example_is_there(graphiql: Visit) -> None:
    graphiql.page.get_by_role("tab", name="CreditNote", exact=True).click()
    expect(graphiql.page.locator(".graphiql-query-editor")).to_contain_text("CreditNote(")
    expect(graphiql.page.locator(".graphiql-editor-tool")).to_contain_text('"id"')  # the variables come after the query
    with graphiql.page.expect_response(lambda response: "query CreditNote(" in (response.request.post_data or "")) as answered:
        graphiql.run()
    note = answered.value.json()["data"]["creditNote"]
    assert (note["number"], note["account"]) == ("CN-0001", {"name": "chargebee-demo", "provider": "CHARGEBEE"})
    expect(graphiql.page.locator(".graphiql-response")).to_contain_text("CN-0001")


def workers(page: Page) -> set[str]:
    return {worker.url.rsplit("/", 1)[1].partition("-")[0] for worker in page.workers}


def test_a_whole_visit_stays_on_this_machine_and_breaks_no_rule(graphiql: Visit, gateway_url: str) -> None:
    editor = graphiql.page.locator(".graphiql-query-editor")
    graphiql.page.get_by_label("Show Documentation Explorer").click()
    graphiql.run()
    expect(graphiql.page.locator(".graphiql-response")).to_contain_text("chargebee-demo")
    graphiql.page.get_by_role("button", name="New tab").click()
    editor.click()
    graphiql.page.keyboard.type("{ nonsense")
    expect(editor.locator(".squiggly-error").first).to_be_visible()  # the language worker has parsed it against the schema
    while not {"graphql", "json"} <= workers(graphiql.page):  # each starts when its language is first seen
        graphiql.page.wait_for_event("worker", timeout=20_000)
    assert [request.url for request in graphiql.sent if not request.url.startswith((f"{gateway_url}/", "data:"))] == []
    assert graphiql.complaints == []


def test_the_plain_form_stands_in_while_nothing_is_built(browser: Browser, unbuilt_url: str) -> None:
    with visiting(browser, unbuilt_url) as visit:
        expect(visit.page.locator("body")).to_contain_text("make graphiql")
        visit.page.get_by_role("button", name="Run").click()
        expect(visit.page.locator("pre")).to_contain_text('"chargebee-demo"')
        assert visit.bodies[-1]["variables"] == {}
        assert visit.complaints == []


def test_a_mistake_in_the_plain_form_is_told(browser: Browser, unbuilt_url: str) -> None:
    with visiting(browser, unbuilt_url) as visit:
        visit.page.get_by_label("Variables").fill("{nonsense")
        visit.page.get_by_role("button", name="Run").click()
        expect(visit.page.locator("pre")).to_contain_text("SyntaxError")
        assert visit.bodies == []


@pytest.mark.parametrize("which", ["gateway_url", "unbuilt_url"])
def test_the_page_is_never_kept_nor_framed_nor_guessed_at(which: str, request: pytest.FixtureRequest) -> None:
    headers = httpx.get(f"{request.getfixturevalue(which)}/graphql").headers
    policy = dict(part.strip().partition(" ")[::2] for part in headers["content-security-policy"].split(";"))
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert policy["default-src"] == policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy["script-src"]
    assert policy["connect-src"] == "'self'"


def test_only_files_named_by_their_hash_are_kept_for_long(gateway_url: str) -> None:
    get = partial(httpx.get, headers={"Accept-Encoding": "identity"})
    files = sorted(file.name for file in (BUILT / "assets").iterdir())
    kept = {name for name in files if "immutable" in get(f"{gateway_url}/graphiql/{name}").headers["cache-control"]}
    assert set(files) - kept == {"LICENSES.txt"}
    assert "Copyright (c) Microsoft Corporation" in get(f"{gateway_url}/graphiql/LICENSES.txt").text


def test_an_asset_nobody_built_is_not_found(unbuilt_url: str) -> None:
    assert httpx.get(f"{unbuilt_url}/graphiql/main.js").status_code == 404


def test_the_packages_are_locked_by_hash_and_by_no_address() -> None:
    packages = json.loads((SOURCES / "package-lock.json").read_text())["packages"]
    packages.pop("")
    assert all("integrity" in package and "resolved" not in package for package in packages.values())
