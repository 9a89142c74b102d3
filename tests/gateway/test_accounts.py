"""The accounts there are: who may use which, how each is opened, and that what belongs to one never reaches another."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from app.domain.errors import GatewayError, NotFound
from app.domain.vocabulary import ErrorCode, Operation
from app.gateway.accounts import Accounts, Caller
from app.http import AsyncBaseTransport, Request, Response
from app.providers import PROVIDERS
from app.providers.contract import AccountSettings, Limits
from app.providers.policy import Deadline
from app.secret import Secret
from tests.gateway.stub import CALLER, NoNetwork, StubAdapter, spec
from tests.gateway.stub import settings as stub_settings
from tests.support.clock import Clock

pytestmark = pytest.mark.anyio


class Recording(AsyncBaseTransport):
    """Answers everything with 401 and keeps what was sent."""

    def __init__(self) -> None:
        self.sent: list[Request] = []
        self.is_closed = False

    async def handle_async_request(self, request: Request) -> Response:
        self.sent.append(request)
        return Response(401, json={}, request=request)

    async def aclose(self) -> None:
        self.is_closed = True


def vcita(name: str, token: str, *, tenant: str = "default", **more: object) -> AccountSettings:
    members: dict[str, object] = {"base_url": f"https://{name}.example", "credentials": {"token": Secret(token)}, **more}
    return replace(stub_settings(name, tenant=tenant, provider="vcita", demo=False), **members)  # type: ignore[arg-type]  # checked there


def accounts(*settings: AccountSettings, transport: AsyncBaseTransport | None = None) -> Accounts:
    return Accounts({each.name: each for each in settings}, PROVIDERS, transport or NoNetwork())


async def test_a_caller_sees_the_accounts_of_its_tenant_and_one_without_a_tenant_sees_all() -> None:
    all_ = accounts(vcita("b", "t"), vcita("a", "t", tenant="two"), vcita("c", "t", tenant="two"))
    assert [account.name for account in all_.of(CALLER)] == ["a", "b", "c"]
    assert [account.name for account in all_.of(Caller(name="x", tenant="two"))] == ["a", "c"]
    assert [account.name for account in all_.of(Caller(name="x", tenant="three"))] == []
    await all_.aclose()


async def test_an_account_of_another_tenant_cannot_be_told_from_none() -> None:
    all_ = accounts(vcita("theirs", "t", tenant="two"))
    told = []
    for holder in (all_, accounts()):
        with pytest.raises(NotFound) as refused:
            holder.find(Caller(name="x", tenant="one"), "theirs")
        told.append((refused.value.code, refused.value.message, refused.value.account))
    assert told == [(ErrorCode.NOT_FOUND, "no account 'theirs'", None)] * 2


async def test_an_unknown_name_is_shown_cut_short() -> None:
    with pytest.raises(NotFound) as refused:
        accounts().find(CALLER, "x" * 5000)
    assert len(refused.value.message) < 150


async def test_an_account_is_opened_once_and_nothing_is_sent_by_it() -> None:
    transport = Recording()
    all_ = accounts(vcita("a", "t"), vcita("b", "t"), transport=transport)
    first = all_.find(CALLER, "a")
    assert all_.find(CALLER, "a") is first
    assert all_.find(CALLER, "b").line is not first.line
    assert transport.sent == []
    await all_.aclose()
    assert first.line.client.is_closed


async def test_after_closing_an_account_is_opened_anew() -> None:
    all_ = accounts(vcita("a", "t"))
    before = all_.find(CALLER, "a")
    await all_.aclose()
    after = all_.find(CALLER, "a")
    assert after.line.client is not before.line.client
    assert not after.line.client.is_closed
    await all_.aclose()


async def test_each_account_sends_its_own_credentials_to_its_own_address() -> None:
    transport = Recording()
    all_ = accounts(vcita("a", "token-a"), vcita("b", "token-b", options={"on_behalf_of": "biz"}), transport=transport)
    for account in all_.of(CALLER):
        with pytest.raises(GatewayError) as refused:
            await account.adapter(Deadline(5)).probe()
        assert (refused.value.code, refused.value.account) == (ErrorCode.PROVIDER_UNAUTHENTICATED, account.name)
    sent = [(r.url.host, r.headers["Authorization"], r.headers.get("X-On-Behalf-Of")) for r in transport.sent]
    assert sent == [("a.example", "Bearer token-a", None), ("b.example", "Bearer token-b", "biz")]
    assert {request.headers["User-Agent"] for request in transport.sent} == {"credit-notes"}
    await all_.aclose()


async def test_no_credentials_show_in_an_open_account() -> None:
    all_ = accounts(vcita("a", "hunter2"))
    account = all_.find(CALLER, "a")
    assert "hunter2" not in repr(account) + repr(account.line) + repr(all_)
    assert [secret.reveal() for secret in account.line.secrets] == ["hunter2", "hunter2"]  # as given, and as the header carries it
    await all_.aclose()


async def test_the_secret_as_basic_authentication_carries_it_is_known_as_one_too() -> None:
    settings = replace(vcita("a", "t"), provider="chargebee", credentials={"api_key": Secret("hunter2")})
    all_ = accounts(settings)
    assert {secret.reveal() for secret in all_.find(CALLER, "a").line.secrets} == {"hunter2", "aHVudGVyMjo="}
    await all_.aclose()


@pytest.mark.parametrize(
    ("limits", "calls"),
    [(None, 150), (Limits(per_minute=3), 3), (Limits(), 200)],
    ids=["the provider's", "the account's", "none at all"],
)
async def test_an_account_s_own_limit_replaces_the_provider_s(limits: Limits | None, calls: int) -> None:
    settings = replace(vcita("a", "t"), provider="chargebee", credentials={"api_key": Secret("k")}, limits=limits)
    all_ = accounts(settings)
    limiter = all_.find(CALLER, "a").line.limiter
    made = 0
    for _ in range(200):
        try:
            async with limiter.turn(Deadline(0.001, Clock(0.0))):
                made += 1
        except GatewayError:
            break
    assert made == calls
    await all_.aclose()


@pytest.mark.parametrize(("concurrent", "at_once"), [(0, 10), (4, 4), (50, 50), (90, 64)])
async def test_no_more_calls_run_at_once_than_the_account_allows_or_the_gateway_finds_right(concurrent: int, at_once: int) -> None:
    all_ = accounts(vcita("a", "t", limits=Limits(concurrent=concurrent)))
    limiter = all_.find(CALLER, "a").line.limiter
    running, most = 0, 0

    async def call() -> None:
        nonlocal running, most
        async with limiter.turn(Deadline(10)):
            running += 1
            most = max(most, running)
            await asyncio.sleep(0)
            running -= 1

    await asyncio.gather(*(call() for _ in range(100)))
    assert most == at_once
    await all_.aclose()


async def test_one_account_s_failures_do_not_rest_another() -> None:
    all_ = accounts(vcita("a", "t"), vcita("b", "t"))
    for _ in range(20):
        all_.find(CALLER, "a").line.breaker.failed()
    assert all_.find(CALLER, "a").line.breaker.is_open
    assert not all_.find(CALLER, "b").line.breaker.is_open
    await all_.aclose()


async def test_every_key_about_an_account_carries_its_tenant_and_name() -> None:
    all_ = accounts(vcita("a", "t", tenant="two"))
    assert all_.find(CALLER, "a").tag == "{two/a}"
    await all_.aclose()


async def test_what_is_offered_follows_from_what_the_provider_can() -> None:
    all_ = accounts(vcita("v", "t"), replace(vcita("c", "t"), provider="chargebee", credentials={"api_key": Secret("k")}))
    offered = {account.name: {operation for operation in Operation if account.offers(operation)} for account in all_.of(CALLER)}
    everywhere = {Operation.GET, Operation.LIST, Operation.ISSUE, Operation.PREVIEW}
    assert offered == {
        "v": everywhere,
        "c": everywhere | {Operation.ISSUE_WITHOUT_INVOICE, Operation.VOID, Operation.REFUND},
    }


async def test_what_nobody_has_published_is_offered_only_where_the_account_says_what_it_does() -> None:
    all_ = accounts(vcita("silent", "t"), replace(vcita("flex", "t"), switches={"refunds": "flex"}))
    offered = {account.name: account.offers(Operation.REFUND) for account in all_.of(CALLER)}
    assert offered == {"silent": False, "flex": True}
    await all_.aclose()


async def test_a_provider_s_account_is_one_adapter_an_operation() -> None:
    adapter = StubAdapter()
    holder = Accounts({"acme": stub_settings()}, {"stub": spec(adapter)}, NoNetwork())
    assert holder.find(CALLER, "acme").adapter(Deadline(1)) is adapter
    await holder.aclose()
