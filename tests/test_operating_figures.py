"""Who is shown the figures: those who may operate, where callers are known at all; and what the operator has said instead."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator

import httpx
import pytest
from click.testing import CliRunner

from app.callers_file import ApiKey, Issuer
from app.cli import main
from app.domain.vocabulary import Scope
from app.identity.api_keys import new_key
from tests.identity.issuer import issuing
from tests.identity.made import made
from tests.support.accounts_file import ENVIRONMENT, AccountsFile
from tests.support.console import Child, running_command
from tests.test_operating_callers import REFUSED, TAKEN
from tests.test_operating_metrics import METRICS
from tests.test_operating_reload import hung_up

OPERATES, READS = frozenset({Scope.OPERATE}), frozenset({Scope.READ, Scope.WRITE})
CHALLENGE = 'Bearer realm="credit-notes"'


@contextlib.contextmanager
def counting(file: AccountsFile, *callers: ApiKey | Issuer, **more: str) -> Iterator[Child]:
    """A gateway with these callers and a port for figures, that answers."""
    file.write(*callers)
    command = ("serve", "--port", "0", "--config", str(file.place))
    with running_command(*command, environment={**ENVIRONMENT, **METRICS, **more}) as child:
        child.answers(f"{child.address('GraphQL')}/livez")
        yield child


def scraped(child: Child, shown: str | None = None, **headers: str) -> httpx.Response:
    shown_as = {} if shown is None else {"Authorization": f"Bearer {shown}"}
    return httpx.get(child.address("metrics"), headers={**shown_as, **headers}, timeout=30)


def statuses(child: Child, *shown: str | None) -> list[int]:
    return [scraped(child, one).status_code for one in shown]


def test_where_callers_are_known_only_those_who_operate_see_them(file: AccountsFile) -> None:
    (operator, operates), (shop, reads) = made("prometheus", scopes=OPERATES), made("shop", scopes=READS)
    with counting(file, operates, reads) as child:
        answer = scraped(child, operator)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
        assert "credit_notes_http_requests_total" in answer.text
        assert scraped(child, **{"X-API-Key": operator}).text.startswith("# HELP")
        for refused, status, code, challenge in (
            (scraped(child), 401, "UNAUTHENTICATED", CHALLENGE),
            (scraped(child, new_key()), 401, "UNAUTHENTICATED", f'{CHALLENGE}, error="invalid_token"'),
            (scraped(child, shop), 403, "FORBIDDEN", f'{CHALLENGE}, error="insufficient_scope", scope="operate"'),
        ):
            (error,) = refused.json()["errors"]
            assert (refused.status_code, error["extensions"]["code"]) == (status, code)
            assert refused.headers["www-authenticate"] == challenge
            assert (refused.headers["content-type"], refused.headers["cache-control"]) == ("application/json", "no-store")
            assert error["extensions"]["requestId"] == refused.headers["x-request-id"]
            assert "credit_notes" not in refused.text
        probes = [httpx.get(f"{child.address('GraphQL')}{path}").status_code for path in ("/livez", "/readyz", "/metrics")]
        assert probes == [200, 200, 404]


def test_the_port_has_one_address_and_takes_questions_only(file: AccountsFile) -> None:
    operator, operates = made("prometheus", scopes=OPERATES)
    with counting(file, operates) as child:
        address, headers = child.address("metrics"), {"Authorization": f"Bearer {operator}"}
        root = address.removesuffix("/metrics")
        missing = [httpx.get(f"{root}{path}", headers=headers) for path in ("/", "/metrics/", "/graphql", "/favicon.ico")]
        assert [(one.status_code, one.json()["errors"][0]["extensions"]["code"]) for one in missing] == [(404, "NOT_FOUND")] * 4
        posted = httpx.post(address, headers=headers)
        assert (posted.status_code, posted.headers["allow"]) == (405, "GET, HEAD")
        with httpx.Client(headers=headers) as client:
            assert client.head(address).status_code == 200
            packed = client.get(address, params={"name[]": "credit_notes_breaker_open"}, headers={"Accept-Encoding": "gzip"})
            assert packed.headers["content-encoding"] == "gzip"
            assert "http_requests" not in packed.text


@pytest.mark.parametrize(("said", "expected"), [("guarded", [401, 200]), ("open", [200, 200]), ("off", [404, 404])])
def test_the_operator_may_say_otherwise(file: AccountsFile, said: str, expected: list[int]) -> None:
    operator, operates = made("prometheus", scopes=OPERATES)
    with counting(file, operates, CREDIT_NOTES_METRICS=said) as child:
        assert statuses(child, None, operator) == expected


@pytest.mark.parametrize(("said", "expected"), [("guarded", 200), ("off", 404)])
def test_a_gateway_that_knows_nobody_shows_them_to_everybody_unless_they_are_off(
    file: AccountsFile, said: str, expected: int
) -> None:
    with counting(file, CREDIT_NOTES_METRICS=said) as child:
        assert statuses(child, None, new_key()) == [expected] * 2


def test_a_reload_reaches_the_port_too(file: AccountsFile) -> None:
    (first, first_key), (second, second_key) = made("first", scopes=OPERATES), made("second", scopes=OPERATES)
    with counting(file) as child:
        assert statuses(child, None) == [200]
        file.write(first_key)
        hung_up(child, TAKEN)
        assert statuses(child, first, second, None) == [200, 401, 401]
        file.write(second_key)
        hung_up(child, TAKEN)
        assert statuses(child, first, second, None) == [401, 200, 401]
        file.write()
        hung_up(child, REFUSED)
        assert statuses(child, first, second, None) == [401, 200, 401]


def test_an_issuers_tokens_and_keys_in_redis_open_it_for_many_workers_too(file: AccountsFile, redis_url: str) -> None:
    shared = {"CREDIT_NOTES_REDIS_URL": redis_url, "CREDIT_NOTES_API_KEYS": "redis"}
    with issuing() as issuer, counting(file, **shared, CREDIT_NOTES_WORKERS="2") as child:
        environment = {**ENVIRONMENT, **shared, "CREDIT_NOTES_CONFIG": str(file.place)}
        create = ("keys", "create", "--name", file.place.parent.name, "--tenant", "acme", "--scopes", "operate")
        made_one = CliRunner(env=environment).invoke(main, create)
        (of_redis,) = [word for word in made_one.output.split() if word.startswith("cn_")]
        token, reader = issuer.token(scope="operate"), issuer.token(scope="read write")
        assert statuses(child, of_redis, token, None) == [200, 401, 401]
        file.write(issuer.configured())
        os.kill(child.process.pid, signal.SIGHUP)
        assert any(statuses(child, token) == [200] for _ in child._waiting()), child.printed
        assert statuses(child, of_redis, token, reader, None) == [200, 200, 403, 401]


def test_who_is_calling_cannot_be_told_while_what_knows_it_is_away(file: AccountsFile) -> None:
    away = {"CREDIT_NOTES_REDIS_URL": "redis://127.0.0.1:1/0", "CREDIT_NOTES_API_KEYS": "redis"}
    operator, operates = made("prometheus", scopes=OPERATES)
    with counting(file, operates, **away) as child:
        answer = scraped(child, new_key())
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert answer.json()["errors"][0]["extensions"]["code"] == "GATEWAY_UNAVAILABLE"
        assert statuses(child, operator) == [200]
