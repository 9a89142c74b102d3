"""Which way imports point, where names may stand, how long things are: the rules a reader relies on without looking."""

from __future__ import annotations

import ast
import re
import sys
import tokenize
from collections.abc import Iterator

from app.providers import PROVIDERS
from tests.support.modules import Module, modules

LONGEST_MODULE = 250
LONGEST_FUNCTION = 30

BELOW = {"providers", "domain", "settings", "secret", "telemetry", "http", "store", "timings"}
PARTS_OF_SETTINGS = {"edge_settings", "identity_settings", "operation_settings", "timings"}
# A layer may import those named beside it. `asgi`, `metrics_port`, `check`, `operator`, `cli` put the whole together and are imported by none of these.
MAY_IMPORT: dict[str, set[str]] = {
    **{name: set() for name in ("secret", "http", "demo", "shutdown", "socket_server", *PARTS_OF_SETTINGS)},
    "domain": {"domain"},
    "http_server": {"socket_server", "domain"},
    "telemetry": {"telemetry"},
    "store": {"store", "secret", "telemetry"},
    "providers": {"providers", "domain", "http", "secret", "telemetry"},
    "accounts_file": {"providers", "domain", "secret"},
    "callers_file": {"accounts_file", "providers", "domain"},
    "settings": {"accounts_file", "callers_file", "providers", "secret", "store", *PARTS_OF_SETTINGS},
    "health": {"settings", "store"},
    "reload": {"gateway", "health", "identity", "settings", "telemetry"},
    "request_log": {"health", "telemetry"},
    "identity": {"identity", "gateway", "domain", "callers_file", "settings", "telemetry", "http", "store"},
    "gateway": {"gateway", *BELOW},
    "api": {"api", "identity", "gateway", "edge_settings", *BELOW},
    "sandbox": {"sandbox"},
}
COMPOSITION = {"__init__", "__main__", "asgi", "check", "cli", "commands", "metrics_port", "operator"}

# Where a library may be imported.
HOMES = {
    "strawberry": ("api/",),
    "graphql": ("api/",),
    "aiodataloader": ("api/",),
    "httpx": ("http.py",),
    "redis": ("store/redis/",),
    "starlette": ("api/", "sandbox/", "asgi.py", "health.py", "metrics_port.py", "request_log.py"),
    "uvicorn": ("cli.py", "http_server.py", "socket_server.py", "metrics_port.py", "sandbox/server.py"),
    "structlog": ("telemetry/",),
    "prometheus_client": ("telemetry/metrics.py",),
    "opentelemetry": ("telemetry/traces.py",),
    "pydantic": ("settings.py", "edge_settings.py", "identity_settings.py", "operation_settings.py"),
    "jwt": ("identity/",),
    "click": ("cli.py", "commands/"),
    "msgspec": ("api/", "gateway/", "identity/", "providers/", "sandbox/"),
}
NAMES_PROVIDERS = ("providers/__init__.py", "api/provider_options.py", "sandbox/", "demo.py")

# Longer than LONGEST_FUNCTION, each with the reason.
LONG_FUNCTIONS = {
    "app/api/types.py CreditNote.of": "one argument per field of the note",
    "app/sandbox/server.py serving_in_thread": "a thread, its loop and its end belong together",
}


APP = modules("app")
TESTS = modules("tests")


def is_providers_own(module: Module) -> bool:
    return module.within.startswith(tuple(f"providers/{name}/" for name in PROVIDERS))


def test_imports_point_one_way() -> None:
    wrong = []
    for module in APP:
        if module.layer in COMPOSITION:
            continue
        inside = [name for name in module.imports if name.startswith("app.")]
        wrong += [f"{module.name} imports {name}" for name in inside if not may_import(module, name)]
    assert wrong == []


def may_import(module: Module, imported: str) -> bool:
    if module.layer == "sandbox" and imported == "app.domain.money":
        return True
    return imported.split(".")[1] in MAY_IMPORT[module.layer]


def test_every_part_of_the_application_has_its_layer() -> None:
    assert {module.layer for module in APP} == set(MAY_IMPORT) | COMPOSITION


def test_a_library_is_imported_only_where_it_lives() -> None:
    wrong = []
    for module in APP:
        for imported in module.imports:
            library = imported.partition(".")[0]
            if library in HOMES and not module.within.startswith(HOMES[library]):
                wrong.append(f"{module.name} imports {library}")
    assert wrong == []


def test_the_domain_knows_the_standard_library_and_exponents_only() -> None:
    known = set(sys.stdlib_module_names) | {"app", "iso4217"}
    foreign = {
        f"{module.name}: {name}"
        for module in APP
        if module.layer == "domain"
        for name in module.imports
        if name.partition(".")[0] not in known
    }
    assert foreign == set()


def test_no_provider_imports_another() -> None:
    wrong = []
    for module in APP:
        steps = module.within.split("/")
        if len(steps) > 2 and steps[0] in {"providers", "sandbox"}:
            others = [f"app.{steps[0]}.{other}" for other in PROVIDERS if other != steps[1]]
            wrong += [f"{module.name} imports {name}" for name in module.imports if name.startswith(tuple(others))]
    assert wrong == []


def test_only_a_providers_adapter_and_its_reader_call_its_upstream() -> None:
    """What is sent, and what an answer means, is decided in pure modules."""
    wrong = []
    for module in APP:
        if is_providers_own(module) and not module.within.endswith(("/adapter.py", "/reader.py")):
            waits = [node for node in ast.walk(module.tree) if isinstance(node, (ast.AsyncFunctionDef, ast.Await))]
            wrong += [f"{module.name} waits"] * bool(waits)
            wrong += [f"{module.name} imports {name}" for name in module.imports if name in {"asyncio", "app.providers.upstream"}]
    assert wrong == []


def test_a_provider_neither_sleeps_nor_logs_nor_catches_what_it_does_not_know() -> None:
    wrong = []
    for module in APP:
        if not is_providers_own(module):
            continue
        wrong += [
            f"{module.name} imports {name}" for name in module.imports if name in {"time", "logging", "app.telemetry", "app.http"}
        ]
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ExceptHandler) and (
                node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
            ):
                wrong.append(f"{module.name}:{node.lineno} catches everything")
            if isinstance(node, ast.Attribute) and node.attr == "sleep":
                wrong.append(f"{module.name}:{node.lineno} sleeps")
    assert wrong == []


def test_a_providers_name_stands_only_where_it_is_at_home() -> None:
    """Descriptions for clients may say how the field is called at a provider; nothing may decide by it."""
    word = re.compile("|".join(PROVIDERS), re.IGNORECASE)
    wrong = []
    for module in APP:
        if module.within.startswith(NAMES_PROVIDERS) or is_providers_own(module):
            continue
        told = module.lines_of_descriptions
        found = [token for token in module.tokens if word.search(token.string) and token.start[0] not in told]
        wrong += [f"{module.name}:{token.start[0]}: {token.string[:60]}" for token in found]
    assert wrong == []


def test_a_provider_speaks_of_itself_only() -> None:
    wrong = []
    for module in APP:
        if is_providers_own(module):
            others = re.compile("|".join(name for name in PROVIDERS if name != module.within.split("/")[1]), re.IGNORECASE)
            wrong += [f"{module.name}: {found.group()}" for found in others.finditer(module.text)]
    assert wrong == []


def test_no_money_is_a_binary_fraction() -> None:
    """`retry_after` of an error is a time; nothing else in the domain has a fraction that is not decimal."""
    found = {}
    for module in APP:
        if module.layer == "domain" or module.within.endswith(("money.py", "amounts.py", "arithmetic.py", "currency.py")):
            floats = [node for node in ast.walk(module.tree) if isinstance(node, ast.Name) and node.id == "float"]
            fractions = [node for node in ast.walk(module.tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)]
            divisions = [node for node in ast.walk(module.tree) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)]
            found[module.within] = [len(floats), len(fractions), len(divisions)]
    errors = next(module for module in APP if module.within == "domain/errors.py")
    times = [node for node in ast.walk(errors.tree) if isinstance(node, ast.arg) and node.arg == "retry_after"]
    assert found.pop("domain/errors.py") == [len(times), 0, 0]
    assert {module: counts for module, counts in found.items() if counts[:2] != [0, 0]} == {}


def test_no_float_is_made_in_the_domain_or_by_a_provider() -> None:
    wrong = []
    for module in APP:
        if module.layer == "domain" or is_providers_own(module):
            calls = [node for node in ast.walk(module.tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "float"]
            wrong += [f"{module.name}:{call.lineno}" for call in calls]
    assert wrong == []


def test_no_module_is_longer_than_a_reader_holds_in_mind() -> None:
    lengths = {module.name: len(module.text.splitlines()) for module in (*APP, *TESTS)}
    assert {name: length for name, length in lengths.items() if length > LONGEST_MODULE} == {}


def test_no_function_is_longer_than_a_screen_without_a_reason() -> None:
    long = {f"{module.name} {name}" for module in APP for name, length in module.functions if length > LONGEST_FUNCTION}
    assert long == set(LONG_FUNCTIONS)


def test_every_module_says_why_it_exists() -> None:
    for module in APP:
        said = ast.get_docstring(module.tree)
        assert said or not module.text.strip(), module.name
        assert len((said or "").splitlines()) <= 5, module.name  # a sentence, a blank line, and what must not live here


def test_whatever_others_may_use_says_what_it_promises() -> None:
    wrong = []
    for module in APP:
        wrong += [f"{module.name}:{node.lineno} {node.name}" for node in public(module.tree) if ast.get_docstring(node) is None]
    assert wrong == []


def public(tree: ast.Module | ast.ClassDef) -> Iterator[ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """What stands in a module or a class and is not marked as its own business."""
    for node in tree.body:
        if isinstance(node, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)) and not node.name.startswith("_"):
            if "overload" not in map(ast.unparse, node.decorator_list):
                yield node
            if isinstance(node, ast.ClassDef):
                yield from public(node)


def test_a_rule_set_aside_says_which_and_why() -> None:
    mark = re.compile(r"#\s*(?:noqa|type: ignore)(.*)")
    wrong = []
    for module in (*APP, *TESTS):
        for token in module.tokens:
            found = mark.search(token.string) if token.type == tokenize.COMMENT else None
            if found and not re.match(r"(:|\[)\s*[\w\-, ]+\]?\s*(-|#)\s*\S+.*\s\S+", found[1]):
                wrong.append(f"{module.name}:{token.start[0]}: {token.string}")
    assert wrong == []


def test_nothing_points_outside_the_project() -> None:
    outside = re.compile("|".join(("/wor" + "k/", r"\.\./" + "shared", r"\bdos" + "sier")), re.IGNORECASE)
    wrong = [f"{module.name}: {found.group()}" for module in (*APP, *TESTS) for found in outside.finditer(module.text)]
    assert wrong == []
