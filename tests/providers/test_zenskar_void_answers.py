"""What an answer to a void tells, whatever shape it has: the note, a refusal, or nothing."""

from __future__ import annotations

import msgspec
import pytest

from app.domain.commands import VoidCreditNote
from app.domain.credit_note import Ref
from app.domain.errors import GatewayError, InvalidInput, OutcomeUnknown, Rejected, WrongState
from app.domain.vocabulary import Status
from app.providers.zenskar import mapping
from tests.providers.zenskar import ACCOUNT, KNOWN_ID, demo, opened
from tests.providers.zenskar.provider import Answer, Provider, note
from tests.support.serving import served

pytestmark = pytest.mark.anyio

VOIDING = VoidCreditNote(key="key-1", note=Ref(ACCOUNT, KNOWN_ID))
EMPTY = ((200, b""), (204, b""))


@pytest.mark.parametrize(
    "answer", [*EMPTY, {}, {"detail": "updated"}, note(amount="25.00"), note(id=demo(1)), b"<html></html>", (500, {}), (409, {})]
)
async def test_an_answer_to_a_void_that_is_not_this_note_leaves_the_outcome_unknown(answer: Answer | object) -> None:
    provider = Provider({f"/credit_notes/{KNOWN_ID}": answer})
    with served(provider.app) as url:
        async with opened(url) as adapter:
            plan = adapter.plan_void(VOIDING, mapping.credit_note(ACCOUNT, msgspec.json.encode(note())))
            with pytest.raises(OutcomeUnknown) as caught:
                await adapter.void(plan, key="the-idempotency-key")
    assert caught.value.account == ACCOUNT
    (asked,) = provider.asked
    assert (asked.method, asked.headers["content-type"], provider.bodies) == ("PATCH", "application/json", [b'{"status":"void"}'])
    assert "the-idempotency-key" not in str(asked.headers)


@pytest.mark.parametrize("status", ["issued", "in_progress", "voided"])
async def test_an_answer_to_a_void_is_told_as_it_is(status: str) -> None:
    with served(Provider({f"/credit_notes/{KNOWN_ID}": note(status=status)}).app) as url:
        async with opened(url) as adapter:
            plan = adapter.plan_void(VOIDING, mapping.credit_note(ACCOUNT, msgspec.json.encode(note())))
            answered = await adapter.void(plan, key="key-1")
    assert (answered.provider_values.status, answered.status is Status.VOIDED) == (status, False)


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ({"code": "INVOICE_CANNOT_BE_VOIDED"}, WrongState),
        ({"code": "CREDIT_NOTE_CANNOT_BE_VOIDED"}, Rejected),
        ({"detail": [{"loc": ["body", "status"], "msg": "no", "type": "enum"}]}, Rejected),
        ({"detail": [{"loc": ["path", "credit_note_id"], "msg": "no", "type": "uuid_parsing"}]}, InvalidInput),
    ],
)
async def test_a_void_is_refused_for_its_state_only_by_a_published_code(body: object, kind: type[GatewayError]) -> None:
    with served(Provider({f"/credit_notes/{KNOWN_ID}": (422, body)}).app) as url:
        async with opened(url) as adapter:
            plan = adapter.plan_void(VOIDING, mapping.credit_note(ACCOUNT, msgspec.json.encode(note())))
            with pytest.raises(GatewayError) as caught:
                await adapter.void(plan, key="key-1")
    assert type(caught.value) is kind
    assert caught.value.path == (("id",) if kind is InvalidInput else None)
