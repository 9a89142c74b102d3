"""A public fuzzer (schemathesis) against the running process, at every root field: whatever it sends, the answer is one the schema tells of."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
import requests
import schemathesis
from graphql import GraphQLSchema
from hypothesis import HealthCheck, given, settings
from hypothesis_graphql import queries
from schemathesis import BaseSchema, Case, Config, GenerationMode
from schemathesis.core.result import Ok

from app.sandbox.server import Addresses
from tests.api.callers import knowing
from tests.conformance.answers import misfits
from tests.conformance.documents import CONFIG, NODES, SCHEMA, SENSE, map_body
from tests.support.console import running_command
from tests.support.running import Json, SandboxControl

ROOTS = (SCHEMA.query_type, SCHEMA.mutation_type)
LABELS = sorted(f"{root.name}.{name}" for root in ROOTS if root is not None for name in root.fields)
DOCUMENTS = {"sensible": 8, "allowed": 3, "not allowed": 3}
"""How many each field is sent: such as a client might send, whatever the schema allows, and what it does not."""
AS_READER = 4

for name, strategy in NODES.items():
    schemathesis.graphql.scalar(name, strategy)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fuzzer:
    """The fuzzer, which has asked a gateway for its schema."""

    url: str
    schemas: Mapping[str, BaseSchema]
    session: requests.Session

    def holds(self, label: str, kind: str, examples: int) -> None:
        """So many documents for a root field are answered as they should be: always the same ones."""
        root, _, name = label.partition(".")
        mode = GenerationMode.NEGATIVE if kind == "not allowed" else GenerationMode.POSITIVE

        @given(case=self.schemas[kind][root][name].as_strategy(generation_mode=mode))
        @settings(max_examples=examples, derandomize=True, suppress_health_check=list(HealthCheck))
        def answered(case: Case[Any]) -> None:
            answer = case.call(session=self.session)
            case.validate_response(answer)
            body: Json = answer.json()
            assert "INTERNAL" not in {error["extensions"]["code"] for error in body.get("errors", ())}
            if kind == "sensible" and body.get("data"):
                assert misfits(SCHEMA, str(case.body), body["data"]) == []

        answered()


@contextlib.contextmanager
def fuzzing(url: str, **headers: str) -> Iterator[Fuzzer]:
    def asked(config: Mapping[str, object]) -> BaseSchema:
        return schemathesis.graphql.from_url(url, config=Config.from_dict(dict(config)), headers=headers)

    sensible, plain = asked(SENSE), asked(CONFIG)
    sensible.hook(map_body)
    with requests.Session() as session:
        session.headers.update(headers)
        yield Fuzzer(url=url, schemas={"sensible": sensible, "allowed": plain, "not allowed": plain}, session=session)


@pytest.fixture(scope="module")
def process() -> Iterator[Fuzzer]:
    with running_command("serve", "--port", "0", measured=False) as child:
        url = child.address("GraphiQL")
        child.answers(f"{url}/livez")
        with fuzzing(f"{url}/graphql") as fuzzer:
            yield fuzzer
    assert "Traceback" not in child.printed


@pytest.fixture(scope="module")
def reader(addresses: Addresses) -> Iterator[Fuzzer]:
    """By one who may only read."""
    with knowing(addresses) as known:
        url = str(known.client.http.base_url.join("/graphql"))
        with fuzzing(url, Authorization=f"Bearer {known.texts['reader']}") as fuzzer:
            yield fuzzer


@pytest.mark.parametrize("kind", DOCUMENTS)
@pytest.mark.parametrize("label", LABELS)
def test_whatever_is_sent_the_answer_is_one_the_schema_tells_of(process: Fuzzer, label: str, kind: str) -> None:
    process.holds(label, kind, DOCUMENTS[kind])


@pytest.mark.parametrize("label", LABELS)
def test_one_who_may_only_read_is_answered_the_same_way_and_writes_nothing(
    reader: Fuzzer, sandbox: SandboxControl, label: str
) -> None:
    reader.holds(label, "sensible", AS_READER)
    assert label.startswith("Query.") or sandbox.requests() == {}


def test_the_fuzzer_knows_every_root_field_but_no_subscription(process: Fuzzer) -> None:
    found = [operation for operation in process.schemas["sensible"].get_all_operations() if isinstance(operation, Ok)]
    assert sorted(operation.ok().label for operation in found) == LABELS


def test_a_subscription_that_is_posted_is_refused_whatever_it_asks(process: Fuzzer) -> None:
    """The fuzzer leaves them out; its generator writes them once their fields are those of a query."""

    @given(queries(GraphQLSchema(query=SCHEMA.subscription_type), custom_scalars=NODES))
    @settings(max_examples=10, derandomize=True, suppress_health_check=list(HealthCheck))
    def refused(document: str) -> None:
        answer = process.session.post(process.url, json={"query": f"subscription {document}"})
        assert (answer.status_code, list(answer.json())) == (200, ["errors"])
        assert {error["extensions"]["code"] for error in answer.json()["errors"]} == {"INVALID_INPUT"}

    refused()
