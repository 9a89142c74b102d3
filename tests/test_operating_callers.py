"""SIGHUP takes keys and issuers too: who is gone from the file is refused from then on, and a closed gateway stays closed."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import httpx

from app.callers_file import ApiKey, Issuer
from tests.identity.issuer import IssuerServer
from tests.identity.made import made
from tests.support.accounts_file import ENVIRONMENT, AccountsFile
from tests.support.console import Child, running_command
from tests.support.running import SandboxControl
from tests.test_operating_reload import hung_up
from tests.test_serving import alone, answers_alone, workers

ACCOUNTS = {"query": "{ accounts { name } }"}
FRESH = {"query": "{ creditNotes(first: 1, freshness: { maxAgeSeconds: 0 }) { sources { complete } } }"}
TAKEN, REFUSED = "accounts read again", "keys and issuers stay as they were"


@contextlib.contextmanager
def served(file: AccountsFile, *callers: ApiKey | Issuer, **more: str) -> Iterator[Child]:
    """A gateway with this file, whose first callers are these."""
    file.write(*callers)
    command = ("serve", "--port", "0", "--config", str(file.place))
    with running_command(*command, environment={**ENVIRONMENT, **more}) as child:
        yield child


def asked(child: Child, shown: str | None, body: dict[str, str] = ACCOUNTS) -> httpx.Response:
    headers = {} if shown is None else {"Authorization": f"Bearer {shown}"}
    return httpx.post(f"{child.address('GraphQL')}/graphql", json=body, headers=headers, timeout=60)


def let_in(child: Child, shown: str | None) -> bool:
    """Whether it is answered; else it is nobody known."""
    answer = asked(child, shown)
    if answer.status_code == 401:
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        return False
    assert answer.json() == {"data": {"accounts": [{"name": "books"}]}}
    return True


def test_a_revoked_or_expired_key_is_refused_and_a_new_one_let_in_while_requests_go_on(
    file: AccountsFile, sandbox: SandboxControl
) -> None:
    (kept, kept_key), (gone, gone_key), (over, over_key), (new, new_key) = (made(name) for name in ("kept", "gone", "over", "new"))
    with served(file, kept_key, gone_key, over_key) as child, ThreadPoolExecutor(1) as pool:
        assert [let_in(child, text) for text in (kept, gone, over, new, None)] == [True, True, True, False, False]
        before = sandbox.calls("vcita")
        sandbox.fault(fault="delay", provider="vcita", delay_ms=1500, times=1)
        slow = pool.submit(asked, child, gone, FRESH)
        while sandbox.calls("vcita") == before:  # now its request is under way
            pass
        ended = dataclasses.replace(over_key, expires_at=datetime(2020, 1, 1, tzinfo=UTC))
        file.write(kept_key, ended, new_key)
        hung_up(child, TAKEN)
        assert [let_in(child, text) for text in (kept, gone, over, new, None)] == [True, False, False, True, False]
        assert slow.result().json()["data"]["creditNotes"]["sources"] == [{"complete": True}]


def test_rights_are_those_of_the_file_that_was_read_last(file: AccountsFile) -> None:
    text, key = made("shop")
    with served(file, key) as child:
        assert let_in(child, text)
        file.write(dataclasses.replace(key, tenant="globex"))
        hung_up(child, TAKEN)
        assert asked(child, text).json() == {"data": {"accounts": []}}


def test_new_issuers_are_believed_those_that_are_gone_are_not_and_what_was_fetched_is_kept(
    file: AccountsFile, issuer: IssuerServer
) -> None:
    text, key = made("kept")
    ours = issuer.configured()
    with served(file, key) as child:
        token = issuer.token()
        assert not let_in(child, token)
        file.write(key, ours)
        hung_up(child, TAKEN)
        assert let_in(child, token)
        assert issuer.fetches == 1
        file.write(key, ours, accounts=("books", "more"))
        hung_up(child, TAKEN)
        assert len(asked(child, token).json()["data"]["accounts"]) == 2
        file.write(key, ours)
        hung_up(child, TAKEN)
        assert let_in(child, token)
        assert issuer.fetches == 1
        file.write(key)
        hung_up(child, TAKEN)
        assert [let_in(child, shown) for shown in (token, text)] == [False, True]
        assert issuer.fetches == 1


def test_a_wrong_file_revokes_nobody(file: AccountsFile) -> None:
    (first, first_key), (second, second_key) = made("first"), made("second")
    with served(file, first_key, second_key) as child:
        assert let_in(child, first)
        file.write(first_key, more='[keys.broken]\nsha256 = "no hash"\nscopes = ["read"]\n')
        hung_up(child, REFUSED)
        assert "[keys.broken] sha256" in child.printed
        assert [let_in(child, text) for text in (first, second, None)] == [True, True, False]


def test_a_closed_gateway_is_never_opened_and_an_open_one_is_closed_at_once(file: AccountsFile) -> None:
    text, key = made("last")
    with served(file) as child:
        assert let_in(child, None)
        file.write(key)
        hung_up(child, TAKEN)
        assert [let_in(child, shown) for shown in (text, None)] == [True, False]
        file.write(accounts=("books", "more"))
        hung_up(child, REFUSED)
        assert "no key and no issuer is left" in child.printed
        assert "only a restart opens a gateway" in child.printed
        assert [let_in(child, shown) for shown in (text, None)] == [True, False]


def test_every_worker_takes_them_and_one_that_is_started_later_is_not_open_either(file: AccountsFile, redis_url: str) -> None:
    (first, first_key), (second, second_key) = made("first"), made("second")
    more = {"CREDIT_NOTES_REDIS_URL": redis_url, "CREDIT_NOTES_WORKERS": "2"}
    with served(file, **more) as child:
        url = child.address("GraphQL")
        child.answers(f"{url}/livez")
        both = workers(child)
        for worker in both:
            assert any(answers_alone(worker, both, url) for _ in range(60)), child.printed
        for known, expected in ((first_key, [True, False, False]), (second_key, [False, True, False])):
            before = child.printed.count(TAKEN)
            file.write(known)
            os.kill(child.process.pid, signal.SIGHUP)
            assert any(child.printed.count(TAKEN) == before + 2 for _ in child._waiting()), child.printed
            for worker in both:
                with alone(worker, both):
                    assert [let_in(child, shown) for shown in (first, second, None)] == expected
        file.write()
        os.kill(child.process.pid, signal.SIGHUP)
        assert any(child.printed.count(REFUSED) == 2 for _ in child._waiting()), child.printed
        os.kill(both[0], signal.SIGKILL)
        assert any("SettingsError: no key and no issuer is left" in child.printed for _ in child._waiting()), child.printed
        assert [let_in(child, shown) for shown in (first, second, None)] == [False, True, False]
