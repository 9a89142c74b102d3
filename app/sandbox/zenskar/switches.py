"""What Zenskar's documents leave open and an adapter could notice: one switch each, the first value is the default."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

SWITCHES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        # Units. Only the integers of a note's answer are documented as the lowest denomination.
        "amount_unit": ("major", "minor"),  # of `credit_note_amount`
        "split_unit": ("major", "minor"),  # of `refund_amount_split[].amount`
        "payment_unit": ("minor", "major"),  # of the money strings of a payment
        "extra_decimals": ("refused", "rounded"),  # an amount with more digits than the currency: 422, or half up
        # Invoices.
        "invoice_currency": ("present", "absent"),  # on GET /invoices/{id}; the list item is documented without
        "invoice_total": ("remaining", "original"),  # whether it falls with each note
        "full_credit": ("voids", "explicit"),  # whether crediting all of it voids the invoice, or PATCH .../void must
        "applied_balance": ("as_applied", "what_is_left"),  # whether it falls when a note gives wallet credits back
        # Notes.
        "patch_void": ("allowed", "refused"),  # PATCH with `status: void`, the only visible way to void
        "credits_method": ("credits_against_payment", "credits"),  # `repayment_method` of a payment turned into credits
        "credits_status": ("issued", "paid"),  # of such a note
        "credits_returned": ("all", "applied_only"),  # whether it also counts payments turned into credits
        "wallet_credits": ("returned_first", "returned_last"),  # whether those on the invoice go back before or after payments
        "note_details": ("present", "null"),  # the optional members `customer` and `invoice`
        "preset_id": ("replayed", "conflict"),  # the same id and body again on POST /credit_notes
        # Refunds and payments.
        "refund_delay_s": ("60", "0", "5", "3600", "never"),  # until a refund to the original method has completed
        "refund_counted": ("at_once", "when_completed"),  # when `amount_refunded` rises
        "credits_refund": ("refund_row", "wallet_only"),  # whether a payment turned into credits counts as refunded
        "invoice_payments": ("array", "page"),  # the shape of the three lists of an invoice's payments
        "refund_rows": ("included", "missing"),  # in /invoices/{id}/payments and /payments/invoice/{id}
        "refunded_originals": ("included", "left_out"),  # payments refunded to the last cent, in .../without_refunds
        # Lists.
        "cursor": ("keyset", "offset"),  # what a cursor points at: a row, or a place that shifts
        "bad_cursor": ("refused", "ignored"),
        "limit_above_100": ("capped", "refused"),
        "search": ("applied", "ignored"),
        "total_count": ("present", "null"),
        # Words and forms.
        "currency_case": ("upper", "lower"),  # the docs show both
        "created_at": ("microseconds", "seconds"),  # precision of all instants
        "refusal_status": ("400", "409", "422"),  # of what a business rule forbids
        "error_shape": ("detail_text", "detail_object", "message", "plain_text"),  # of everything but 403 and validation
        "validation_words": ("current", "older"),  # `missing`, or the overview page's `value_error.missing`
    }
)
