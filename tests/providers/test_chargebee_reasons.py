"""Why a note was issued, as Chargebee and the account's own codes tell it."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.errors import Unsupported
from app.domain.vocabulary import Reason
from app.providers.chargebee import SPEC, mapping
from tests.providers.chargebee import bill, command, planned, settings, total
from tests.providers.chargebee.noted import read, told

MAPPED = {Reason.DUPLICATE: "Billed twice", Reason.WAIVER: "Goodwill", Reason.OTHER: "Goodwill"}


@pytest.mark.parametrize(
    ("members", "reason", "word", "text"),
    [
        ({"reason_code": "waiver", "create_reason_code": "Billed twice"}, Reason.WAIVER, "waiver", "Billed twice"),
        ({"reason_code": "other", "create_reason_code": "Billed twice"}, Reason.DUPLICATE, "Billed twice", "Billed twice"),
        ({"reason_code": None, "create_reason_code": "Goodwill"}, Reason.WAIVER, "Goodwill", "Goodwill"),
        ({"reason_code": "other", "create_reason_code": "Late"}, Reason.OTHER, "other", "Late"),
        ({"reason_code": None, "create_reason_code": "Late"}, Reason.OTHER, "Late", "Late"),
        ({"reason_code": "newly_made", "create_reason_code": None}, Reason.OTHER, "newly_made", None),
        ({"reason_code": None, "create_reason_code": None}, Reason.UNSPECIFIED, None, None),
    ],
)
def test_the_reason_is_the_published_code_or_the_accounts_own(
    members: dict[str, Any], reason: Reason, word: str | None, text: str | None
) -> None:
    note = read(told(**members), MAPPED)
    assert (note.reason, note.provider_values.reason, note.reason_text) == (reason, word, text)


@pytest.mark.parametrize("word", [word for word in mapping.REASON if word != "other"])
def test_every_published_reason_code_has_a_reason_of_its_own(word: str) -> None:
    assert read(told(reason_code=word)).reason is Reason[word.upper()]


def test_an_account_takes_the_six_codes_its_own_and_none_at_all() -> None:
    assert SPEC.reasons is not None
    six = {
        Reason.PRODUCT_UNSATISFACTORY, Reason.SERVICE_UNSATISFACTORY, Reason.ORDER_CHANGE, Reason.ORDER_CANCELLATION,
        Reason.WAIVER, Reason.OTHER, Reason.UNSPECIFIED,
    }  # fmt: skip
    assert SPEC.reasons(settings()) == six
    assert SPEC.reasons(settings(reason_codes={Reason.DUPLICATE: "Billed twice"})) == six | {Reason.DUPLICATE}


@pytest.mark.parametrize("reason", Reason)
def test_just_these_can_be_given(reason: Reason) -> None:
    account = settings(reason_codes=MAPPED)
    assert SPEC.reasons is not None
    if reason in SPEC.reasons(account):
        planned(command(total(1), reason=reason), bill(1, 0), account)
    else:
        with pytest.raises(Unsupported):
            planned(command(total(1), reason=reason), bill(1, 0), account)
