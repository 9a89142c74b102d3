"""Where the gateway's keys live in a Redis Cluster: those of one atomic step together, and all of an account's writes as well."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from redis.crc import key_slot

from app.domain.commands import VoidCreditNote
from app.domain.vocabulary import Operation
from app.gateway.accounts import Account
from app.gateway.entries import EntryKeys, open_entries
from app.store import Write
from app.store.memory import MemoryStore
from tests.gateway.stub import account
from tests.gateway.writing import Desks, command
from tests.support.demo import ACCOUNTS, provider
from tests.support.running import SandboxControl

pytestmark = pytest.mark.anyio

LASTING = {"cn:1:ledger", "cn:1:ledger-lease", "cn:1:turn", "cn:1:pending", "cn:1:claim", "cn:1:open"}
"""What a write leaves, or holds, by the beginnings of the keys."""
ACCOUNT = account()


class SlotStore(MemoryStore):
    """Remembers of which slots each commit was, and what its keys began with."""

    def __init__(self) -> None:
        super().__init__()
        self.slots: list[set[int]] = []
        self.kinds: set[str] = set()

    async def commit(self, expect: Mapping[str, bytes | None], put: Mapping[str, Write], *, settled: bool = False) -> bool:
        self.slots.append({slot(key) for key in (*expect, *put)})
        self.kinds |= {key.partition(":{")[0] for key in (*expect, *put)}
        return await super().commit(expect, put, settled=settled)


def slot(key: str) -> int:
    return key_slot(key.encode())


@pytest.mark.parametrize("name", ACCOUNTS)
async def test_every_step_of_a_write_is_of_one_slot(desks: Desks, sandbox: SandboxControl, name: str) -> None:
    store = SlotStore()
    desk = desks.open(ledger=store)
    issued = await desk.issue(command(name, key="kept"))
    sandbox.fault(provider=provider(name), method="POST", fault="drop_after", times=1)
    await desk.issue(command(name, key="lost"))
    await desk.watch().round()
    assert issued.note is not None
    await desk.void(VoidCreditNote(key="voided", note=issued.note.ref))
    assert store.slots == [{slot(desk.account(name).tag)}] * len(store.slots)
    assert store.kinds == LASTING


@given(
    tenant=st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]), min_size=1),
    texts=st.lists(st.text(), min_size=4, max_size=4),
)
def test_all_that_is_known_of_an_accounts_writes_is_of_one_slot(tenant: str, texts: list[str]) -> None:
    of = with_tenant(ACCOUNT, tenant)
    key, subject, made, other = (text.encode("utf-8", "replace").decode() for text in texts)
    one, two = (EntryKeys(account=of, operation=operation, key=key) for operation in (Operation.ISSUE, Operation.VOID))
    names = [one.entry, two.entry, one.lease, one.turn(subject), one.pending(subject), one.claim(made), one.claim(other)]
    assert {slot(name) for name in (*names, open_entries(of.tag))} == {slot(of.tag)}


def with_tenant(account: Account, tenant: str) -> Account:
    return replace(account, settings=replace(account.settings, tenant=tenant))
