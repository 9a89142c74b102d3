"""Finding the note of an issue whose answer was lost at Chargebee, over real sockets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from app.domain.errors import OutcomeUnknown
from app.domain.vocabulary import Status
from tests.providers.chargebee import KEY, opened, plan_for, planned, total, wanted
from tests.providers.chargebee.site import Site, answering
from tests.providers.readings import read_invoice

pytestmark = pytest.mark.anyio


async def test_a_lost_note_is_among_the_candidates_whatever_became_of_it(site: Site) -> None:
    async with opened(site.url) as adapter:
        invoice = await read_invoice(adapter, "INV-1004")
        plan = await plan_for(adapter, "INV-1004", total(1_00))
        made = [(await adapter.issue(plan, key=f"{index}" * 64)).ref.external_id for index in range(3)]
        site.act("void", note_id=made[0])
        site.delete(made[1])
        found = await adapter.candidates(plan)
    new = {note.ref.external_id.partition("_")[0]: note.status for note in found if note.ref.external_id not in invoice.note_ids}
    assert new == dict(zip(made, [Status.VOIDED, Status.DELETED, Status.ISSUED], strict=True))
    assert all(note.created_at is not None for note in found)


async def test_candidates_come_from_every_page(site: Site) -> None:
    for _ in range(101):
        site.act("issue", invoice_id="INV-1002", minor=1)
    async with opened(site.url) as adapter:
        invoice = await read_invoice(adapter, "INV-1002")
        found = await adapter.candidates(await plan_for(adapter, "INV-1002", total(1, "USD")))
    assert len({note.ref.external_id for note in found}) == len(invoice.note_ids) == 101


async def test_a_backdated_note_does_not_look_older_than_its_request(site: Site) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date()
    async with opened(site.url) as adapter:
        plan = await plan_for(adapter, "INV-1004", total(1_00), issued_on=yesterday)
        made = await adapter.issue(plan, key=KEY)
        (found,) = await adapter.candidates(plan)
    assert found == made
    assert found.updated_at is not None
    assert found.updated_at.date() > yesterday


@pytest.mark.parametrize("meaning", ["malformed", "not_json", "broken"])
async def test_an_answer_to_an_issue_that_cannot_be_read_is_an_unknown_outcome(meaning: str) -> None:
    with answering(meaning) as url:
        async with opened(url) as adapter:
            with pytest.raises(OutcomeUnknown):
                await adapter.issue(planned(*wanted()), key=KEY)


async def test_a_note_whose_currency_is_none_leaves_the_outcome_unknown() -> None:
    with answering("issued_oddly") as url:
        async with opened(url) as adapter:
            with pytest.raises(OutcomeUnknown):
                await adapter.issue(planned(*wanted()), key=KEY)
