"""Events of the Chargebee sandbox: what is written for which change, and how it is polled."""

from __future__ import annotations

import pytest

from tests.sandbox import test_chargebee
from tests.sandbox.test_chargebee import Answer, Site
from tests.sandbox.test_chargebee_lists import pages, refused

site = test_chargebee.site


def since(site: Site, sequence: set[str]) -> list[Answer]:
    return [event for event in pages(site, "/events", {"limit": "100"}) if event["id"] not in sequence]


def known(site: Site) -> set[str]:
    return {event["id"] for event in pages(site, "/events", {"limit": "100"})}


def test_a_note_and_its_invoice_each_get_an_event_with_the_state_right_then(site: Site) -> None:
    before = known(site)
    note = site.issue("INV-1002", 100)
    site.post(f"/credit_notes/{note['id']}/void")
    created, changed, voided, again = since(site, before)
    assert [event["event_type"] for event in (created, changed, voided, again)] == [
        "credit_note_created", "invoice_updated", "credit_note_updated", "invoice_updated",
    ]  # fmt: skip
    assert created["content"]["credit_note"] == note
    assert changed["content"]["invoice"]["amount_due"] == 49900
    assert voided["content"]["credit_note"]["status"] == "voided"
    assert set(created) == {"id", "object", "occurred_at", "source", "api_version", "event_type", "webhook_status", "content"}
    assert (created["source"], created["api_version"], created["webhook_status"]) == ("api", "v2", "not_configured")


def test_a_note_dated_back_has_an_event_of_its_own(site: Site) -> None:
    before = known(site)
    site.issue(total=1, date=site.invoice("INV-1001")["date"])
    assert since(site, before)[0]["event_type"] == "credit_note_created_with_backdating"


def test_a_deleted_note_has_an_event_of_its_own(site: Site) -> None:
    id = site.issue(total=1)["id"]
    before = known(site)
    site.post(f"/credit_notes/{id}/delete")
    event = since(site, before)[0]
    assert (event["event_type"], event["content"]["credit_note"]["deleted"]) == ("credit_note_deleted", True)


def test_a_renewal_tells_of_the_notes_it_used(site: Site) -> None:
    form = {"type": "refundable", "customer_id": "acme", "currency_code": "EUR", "total": 500}
    id = site.post("/credit_notes", form)["credit_note"]["id"]
    before = known(site)
    site.act("renew", customer_id="acme", currency="EUR", minor=100)
    events = since(site, before)
    assert {event["source"] for event in events} == {"scheduled_job"}
    assert [event["content"]["credit_note"]["id"] for event in events if event["event_type"] == "credit_note_updated"] == [id]


def test_a_change_can_be_made_without_webhooks(site: Site) -> None:
    before = known(site)
    site.send("/credit_notes/CN-0001/update", {"cf_x": "1"}, chargebee_event_webhook="all-disabled")
    assert [event["webhook_status"] for event in since(site, before)] == ["disabled"]


def test_a_read_writes_no_event(site: Site) -> None:
    before = known(site)
    site.note("CN-0001")
    site.refused("/credit_notes/CN-none/void")
    assert known(site) == before


def test_an_event_can_be_fetched_again_by_its_id(site: Site) -> None:
    event = pages(site, "/events", {"limit": "100"})[-1]
    assert site.get(f"/events/{event['id']}")["event"] == event
    assert refused(site, "/events/ev_none")[0] == 404


def test_events_are_polled_by_type_and_instant(site: Site) -> None:
    site.clock.advance(10)
    instant = str(int(site.clock.now()) - 5)
    site.issue(total=1)
    query = {
        "event_type[in]": "['credit_note_created', 'credit_note_updated']",
        "occurred_at[after]": instant,
        "sort_by[asc]": "occurred_at",
    }
    assert [event["event_type"] for event in pages(site, "/events", query)] == ["credit_note_created"]


@pytest.mark.parametrize("limit", ["7", "100"])
def test_the_demonstration_has_a_history(site: Site, limit: str) -> None:
    events = pages(site, "/events", {"limit": limit, "sort_by[asc]": "occurred_at", "event_type[is]": "credit_note_created"})
    assert [event["content"]["credit_note"]["id"] for event in events] == [f"CN-{index:04d}" for index in range(1, 61)]
