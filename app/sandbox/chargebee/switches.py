"""What a Chargebee site can be set to, and every choice made here where Chargebee's behaviour is not published.

The first value is the default. Names only: the rules that ask for a switch stand with the rule.
"""

from __future__ import annotations

SITE = {
    # Maintenance fails writes while reads work; a site that is not ready fails everything (docs: API errors).
    "site_mode": ("open", "read_only", "not_ready"),
    # Settings of a site, which its owner may change.
    "create_reason_required": ("no", "yes"),
    "store_notes": ("on", "off"),
    # A refund through a gateway may take days; `in_progress` waits for the action `settle` or `fail`.
    "refund_result": ("success", "in_progress"),
    # Which of the published codes a refusal of this status carries when it is asked for as a fault.
    "code_403": ("api_authorization_failed", "request_blocked"),
    "code_429": ("api_request_limit_exceeded", "third_party_api_request_limit_exceeded", "lock_timeout"),
    "code_503": ("internal_temporary_error", "site_read_only_mode", "site_not_ready", "db_connection_failure", "html"),
}

UNPUBLISHED = {
    # Errors: the status of a state problem, the code of an amount problem, and how `param` names a list column.
    "state_error": ("409", "400"),
    "amount_error": ("param_wrong_value", "invalid_request"),
    "list_param": ("indexed", "plain"),
    "unauthorized_type": ("untyped", "absent"),  # real 401 answers may lack `type`
    # Idempotency: how long, whether refusals are kept, a key whose request still runs, and what a key is unique in.
    "idempotency_window": ("30 minutes", "24 hours"),
    "idempotency_refusals": ("replayed", "executed_again"),
    "idempotency_running": ("lock_timeout", "waits", "invalid_state"),
    "idempotency_scope": ("site", "api_key", "endpoint"),
    # Filters: bounds, the length of `on`, names nobody knows, a limit outside 1..100, the order without `sort_by`.
    "filter_between": ("inclusive", "exclusive"),
    "filter_after_before": ("strict", "inclusive"),
    "filter_on": ("day", "instant"),
    "unknown_filters": ("ignored", "refused"),
    "limit_outside": ("refused", "capped"),
    "default_order": ("oldest_first", "newest_first"),
    # Notes that are gone: the id of a deleted note, reading it, deleting a voided one, what a voided one shows.
    "deleted_id": ("suffixed", "kept"),
    "deleted_retrieve": ("not_found", "shown"),
    "delete_voided": ("allowed", "refused"),
    "voided_amounts": ("kept", "zero"),
    "voided_entries": ("kept", "dropped"),  # in the invoice's lists of its notes
    "voided_due": ("kept", "zero"),  # what a voided invoice shows as `amount_due` and `amount_to_collect`
    # Issuing: rounding of taxes, whether a line must name an invoice line, a payment still in progress.
    "tax_rounding": ("nearest", "down"),
    "line_reference": ("optional", "required"),
    "payment_in_progress": ("lowers", "blocks"),
    # Whether `amount_refunded` counts a refund that is still in progress.
    "refund_in_progress": ("counted", "not_counted"),
}

CHOICES: dict[str, tuple[str, ...]] = {**SITE, **UNPUBLISHED}
