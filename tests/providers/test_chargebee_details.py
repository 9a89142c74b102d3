"""What goes with a note at Chargebee: reason, texts, date and headers, and what of them is refused."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from app.domain.errors import GatewayError, InvalidInput, Path, Unsupported
from app.domain.invoice import Invoice
from app.domain.vocabulary import IssueField, Reason
from app.providers.chargebee.options import ChargebeeOptions
from app.providers.contract import AccountSettings
from tests.providers.chargebee import BILLED_AT, TODAY, bill, command, customer, form, order, planned, settings, total
from tests.providers.readings import refusal_of

INVOICE = bill(150_00, 50_00)
OWN_CODES = settings(reason_codes={Reason.DUPLICATE: "Billed twice", Reason.WAIVER: "Goodwill"})
SENT_ANYWAY = {"reference_invoice_id", "type", "total"}


def extra(account: AccountSettings | None = None, **given: Any) -> dict[str, str]:
    """What is sent beside the amount."""
    sent = form(planned(command(total(1), **given), INVOICE, account))
    return {name: value for name, value in sent.items() if name not in SENT_ANYWAY}


def headers(account: AccountSettings | None = None, *, notify: bool | None = None, **options: Any) -> dict[str, str]:
    wanted = command(total(1), notify_customer=notify, options=ChargebeeOptions(**options))
    return dict(order(planned(wanted, INVOICE, account)).headers)


def refusal(account: AccountSettings | None = None, **given: Any) -> GatewayError:
    return refusal_of(planned, command(total(1), **given), INVOICE, account)


@pytest.mark.parametrize(
    ("reason", "sent"),
    [
        (Reason.PRODUCT_UNSATISFACTORY, {"reason_code": "product_unsatisfactory"}),
        (Reason.SERVICE_UNSATISFACTORY, {"reason_code": "service_unsatisfactory"}),
        (Reason.ORDER_CHANGE, {"reason_code": "order_change"}),
        (Reason.ORDER_CANCELLATION, {"reason_code": "order_cancellation"}),
        (Reason.WAIVER, {"create_reason_code": "Goodwill"}),
        (Reason.OTHER, {"reason_code": "other"}),
        (Reason.DUPLICATE, {"create_reason_code": "Billed twice"}),
        (Reason.UNSPECIFIED, {}),
    ],
)
def test_a_reason_is_the_accounts_code_or_one_of_chargebees_six(reason: Reason, sent: dict[str, str]) -> None:
    assert extra(OWN_CODES, reason=reason) == sent


def test_the_code_named_for_this_note_comes_first() -> None:
    options = ChargebeeOptions(create_reason_code="Late, again")
    assert extra(OWN_CODES, reason=Reason.WAIVER, options=options) == {"create_reason_code": "Late, again"}
    assert extra(OWN_CODES, reason=Reason.FRAUDULENT, options=options) == {"create_reason_code": "Late, again"}


UNKNOWN_AT_CHARGEBEE = [
    Reason.FRAUDULENT, Reason.SUBSCRIPTION_CHANGE, Reason.SUBSCRIPTION_CANCELLATION, Reason.SUBSCRIPTION_PAUSE,
    Reason.CHARGEBACK, Reason.WRITE_OFF,
]  # fmt: skip


@pytest.mark.parametrize("reason", UNKNOWN_AT_CHARGEBEE)
def test_a_reason_without_a_code_is_not_dropped(reason: Reason) -> None:
    error = refusal(OWN_CODES, reason=reason)
    assert isinstance(error, Unsupported)
    assert (error.path, error.ability) == (("reason",), IssueField.REASON_CODE)


@pytest.mark.parametrize("code", ["", " ", "x" * 101, "half \ud83d"])
def test_a_code_no_site_can_have_is_invalid(code: str) -> None:
    error = refusal(options=ChargebeeOptions(create_reason_code=code))
    assert error.path == ("options", "chargebee", "createReasonCode")


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        ({"reason_text": "t" * 300}, {"comment": "t" * 300}),
        ({"internal_note": "i" * 300}, {"comment": "i" * 300}),
        ({"customer_note": "Sorry & thänks, 50 % off +"}, {"customer_notes": "Sorry & thänks, 50 % off +"}),
        ({"customer_note": "c" * 2000, "internal_note": "i"}, {"customer_notes": "c" * 2000, "comment": "i"}),
        ({"reason_text": "", "internal_note": "i", "customer_note": ""}, {"comment": "i"}),
    ],
)
def test_texts_have_their_places(given: dict[str, Any], sent: dict[str, str]) -> None:
    assert extra(**given) == sent


@pytest.mark.parametrize(
    ("given", "error", "path"),
    [
        ({"reason_text": "t" * 301}, InvalidInput, ("reasonText",)),
        ({"internal_note": "i" * 301}, InvalidInput, ("internalNote",)),
        ({"customer_note": "c" * 2001}, InvalidInput, ("customerNote",)),
        ({"reason_text": "t", "internal_note": "i"}, Unsupported, ("internalNote",)),
        ({"number": "CN-1"}, Unsupported, ("number",)),
        ({"customer_note": "half \ud83d"}, InvalidInput, ("customerNote",)),
        ({"reason_text": "half \ud83d"}, InvalidInput, ("reasonText",)),
    ],
)
def test_a_text_that_has_no_place_is_refused(given: dict[str, Any], error: type[GatewayError], path: Path | None) -> None:
    refused = refusal(**given)
    assert (type(refused), refused.path) == (error, path)


def seconds(moment: datetime) -> dict[str, str]:
    return {"date": str(int(moment.timestamp()))}


@pytest.mark.parametrize(
    ("issued_on", "sent"),
    [
        (TODAY, {}),
        (BILLED_AT.date(), seconds(BILLED_AT)),
        (BILLED_AT.date() + timedelta(days=1), seconds(datetime(2026, 11, 4, tzinfo=UTC))),
        (TODAY - timedelta(days=1), seconds(datetime(2026, 11, 19, tzinfo=UTC))),
    ],
)
def test_a_date_is_left_out_for_today_and_never_older_than_the_invoice(issued_on: date, sent: dict[str, str]) -> None:
    assert extra(issued_on=issued_on) == sent
    told = planned(command(total(1), issued_on=issued_on), INVOICE).expected.issued_on
    assert told == (issued_on if sent else None)  # around midnight Chargebee's clock may not call it today any more


@pytest.mark.parametrize("issued_on", [TODAY + timedelta(days=1), BILLED_AT.date() - timedelta(days=1)])
def test_a_date_in_the_future_or_before_the_invoice_is_invalid(issued_on: date) -> None:
    error = refusal(issued_on=issued_on)
    assert isinstance(error, InvalidInput)
    assert error.path == ("issuedOn",)


@pytest.mark.parametrize("issued_on", [date(1, 1, 1), date(1969, 12, 31), date(9999, 12, 31)])
@pytest.mark.parametrize("invoice", [INVOICE, None, bill(150_00, 50_00, issued_at=None)])
def test_a_date_no_timestamp_can_say_is_invalid_and_told_once(issued_on: date, invoice: Invoice | None) -> None:
    place: dict[str, Any] = {} if invoice else {"target": customer()}
    asked = command(total(1), issued_on=issued_on, **place)
    with pytest.raises(InvalidInput) as caught:
        planned(asked, invoice)
    assert caught.value.path == ("issuedOn",)


def test_the_first_day_a_timestamp_can_say_is_sent() -> None:
    plan = planned(command(total(1), target=customer(), issued_on=date(1970, 1, 1)), None)
    assert form(plan)["date"] == "0"


def test_an_invoice_of_today_can_be_credited_today() -> None:
    plan = planned(command(total(1), issued_on=TODAY), replace(INVOICE, issued_at=datetime(2026, 11, 20, 23, 59, tzinfo=UTC)))
    assert "date" not in form(plan)


def test_a_note_without_an_invoice_has_its_own_date() -> None:
    plan = planned(command(total(1), target=customer(), issued_on=date(2026, 1, 2)), None)
    assert form(plan)["date"] == str(int(datetime(2026, 1, 2, tzinfo=UTC).timestamp()))


OFF = "all-disabled"
EMAIL, WEBHOOK, ACTIONS = "chargebee-event-email", "chargebee-event-webhook", "chargebee-event-actions"
SILENT = settings(skip_webhooks=True, skip_actions=True)


@pytest.mark.parametrize(
    ("account", "notify", "options", "sent"),
    [
        (None, None, {}, {}),
        (None, True, {}, {}),
        (None, False, {}, {EMAIL: OFF}),
        (SILENT, None, {}, {WEBHOOK: OFF, ACTIONS: OFF}),
        (SILENT, True, {"skip_actions": False}, {WEBHOOK: OFF}),
        (SILENT, None, {"skip_webhooks": False, "skip_actions": False}, {}),
        (None, False, {"skip_webhooks": True, "skip_actions": True}, {EMAIL: OFF, WEBHOOK: OFF, ACTIONS: OFF}),
    ],
)
def test_what_follows_an_issue_is_the_accounts_setting_unless_told(
    account: AccountSettings | None, notify: bool | None, options: dict[str, bool], sent: dict[str, str]
) -> None:
    assert headers(account, notify=notify, **options) == sent


@pytest.mark.parametrize(("account", "options"), [(SILENT, None), (None, ChargebeeOptions(skip_actions=True))])
def test_a_mail_is_not_promised_where_actions_are_skipped(
    account: AccountSettings | None, options: ChargebeeOptions | None
) -> None:
    error = refusal(account, notify_customer=True, options=options)
    assert isinstance(error, Unsupported)
    assert error.path == ("notifyCustomer",)


def test_the_business_entity_is_the_accounts_unless_told() -> None:
    account = settings(options={"site": "acme-test", "business_entity_id": "be_1"})
    assert headers(account) == {"chargebee-business-entity-id": "be_1"}
    assert headers(account, business_entity_id="be_2") == {"chargebee-business-entity-id": "be_2"}


def test_who_caused_it_is_told() -> None:
    sent = headers(origin_user="ada@acme.example", origin_ip="2001:db8::1", origin_device="Firefox 140")
    assert sent == {
        "chargebee-request-origin-user": "ada@acme.example",
        "chargebee-request-origin-ip": "2001:db8::1",
        "chargebee-request-origin-device": "Firefox 140",
    }


def test_a_name_beyond_ascii_is_sent_encoded() -> None:
    sent = headers(origin_user="zoë@acme.example")
    assert list(sent) == ["chargebee-request-origin-user-encoded"]
    assert base64.b64decode(sent["chargebee-request-origin-user-encoded"]).decode() == "zoë@acme.example"


@pytest.mark.parametrize("letter", ["a", "ë"])
def test_the_longest_name_is_sent_whole(letter: str) -> None:
    (value,) = headers(origin_user=letter * 250).values()
    assert (value if letter.isascii() else base64.b64decode(value).decode()) == letter * 250


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"business_entity_id": "x" * 51}, "businessEntityId"),
        ({"business_entity_id": ""}, "businessEntityId"),
        ({"business_entity_id": "be\r\nx: y"}, "businessEntityId"),
        ({"origin_user": "ada\r\nx: y"}, "originUser"),
        ({"origin_user": ""}, "originUser"),
        ({"origin_user": " ada"}, "originUser"),
        ({"origin_user": "ada "}, "originUser"),
        ({"origin_user": " "}, "originUser"),
        ({"origin_user": "zoë "}, "originUser"),
        ({"origin_user": "a" * 251}, "originUser"),
        ({"origin_user": "ë" * 251}, "originUser"),
        ({"origin_user": "half \ud83d"}, "originUser"),
        ({"origin_ip": "localhost"}, "originIp"),
        ({"origin_device": "Fïrefox"}, "originDevice"),
        ({"origin_device": "a\nb"}, "originDevice"),
    ],
)
def test_what_no_header_can_carry_is_invalid(options: dict[str, Any], name: str) -> None:
    error = refusal(options=ChargebeeOptions(**options))
    assert isinstance(error, InvalidInput)
    assert error.path == ("options", "chargebee", name)
