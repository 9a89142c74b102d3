"""What vcita does not publish and this sandbox therefore had to choose: each choice by name, the default first.

Only names and values; what a value does stands beside the rule it changes.
"""

from __future__ import annotations

from app.sandbox.kernel import Switches

CHOICES: dict[str, tuple[str, ...]] = {
    # Who may do what, and how a bad token is told so.
    "unauthorized_body": ("errors", "message", "error"),  # three of the shapes seen with a 401
    "on_behalf_of": ("required", "optional", "refused"),  # X-On-Behalf-Of of directory tokens; refused: 401 on credit notes
    "notes_list": ("all_tokens", "staff_only", "gateway_refuses_staff"),  # tokens of the list are not stated; see platform_staff
    "platform_staff": ("accepted", "refused"),  # the public gateway refuses staff tokens on some old paths, with 422
    # How a note is reckoned, numbered and settled.
    "tax_mode": ("invoice", "exclude", "include"),  # a note's totals: as its invoice says, or always so; also of new invoices
    "business_zone": ("UTC", "UTC+14", "UTC-11"),  # the zone of issue_date
    "numbering": ("continuous", "reset_yearly"),  # 1, 2, ... or 2026-0001, 2026-0002, ...
    "number_prefix": ("none", "CN-"),  # known from unreleased settings only: CN-0001
    "duplicate_number": ("refused", "accepted"),  # a caller's unique_number that is in use
    "over_creditable": ("422", "400"),  # status for more than the creditable balance
    "source_payment": ("stays_issued", "settles", "settles_after_60_s", "settles_on_refund", "refunds"),
    "note_lowers_balance": ("yes", "no"),  # whether payment_balance reacts to a note
    "strict_mode": ("off", "on"),  # on: issued invoices do not change, and a refund makes a note of its own
    # The shapes of the older interfaces.
    "platform_status": ("201", "200"),  # documented 201 for a GET, seen live with both
    "payment_nesting": ("doubled", "single"),  # data.data.payment or data.payment
    "legacy_money": ("strings", "numbers"),  # "20.0" or 20 where the business API mixes them
    "legacy_missing": ("422", "404"),  # status for what the business API does not find
    "error_body": ("documented", "message_array", "no_code", "error_text"),  # shapes seen in other services of the same kind
}


def make_switches() -> Switches:
    """All choices at their defaults."""
    return Switches(CHOICES)
