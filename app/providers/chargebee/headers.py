"""The headers that go with one change: e-mails, webhooks, actions, who caused it, for which business entity (docs: API introduction)."""

from __future__ import annotations

import ipaddress
from base64 import b64encode
from collections.abc import Iterator

from app.domain.errors import GatewayError, InvalidInput, Unsupported
from app.domain.vocabulary import IssueField
from app.providers.chargebee.issue import Issue
from app.providers.contract import AccountSettings

BUSINESS_ENTITY = "chargebee-business-entity-id"
LONGEST_BUSINESS_ENTITY = 50
LONGEST_ORIGIN_USER = 250
_OFF = "all-disabled"
_PATH = ("options", "chargebee")


def header_problems(issue: Issue) -> Iterator[GatewayError]:
    """What of the headers asked for cannot be sent."""
    options = issue.options
    if issue.command.notify_customer and _skips_actions(issue):
        message = "the customer is not mailed where event actions are skipped, by option or by the account's setting"
        yield Unsupported(message, path=("notifyCustomer",), ability=IssueField.NOTIFY_CUSTOMER)
    entity = options.business_entity_id
    if entity is not None and not (_is_plain(entity) and len(entity) <= LONGEST_BUSINESS_ENTITY):
        message = f"a business entity's id has 1 to {LONGEST_BUSINESS_ENTITY} printable ASCII characters"
        yield InvalidInput(message, path=(*_PATH, "businessEntityId"))
    if options.origin_user is not None and not _is_user(options.origin_user):
        message = f"originUser has 1 to {LONGEST_ORIGIN_USER} printable characters, and no blank at its ends"
        yield InvalidInput(message, path=(*_PATH, "originUser"))
    if options.origin_ip is not None and not _is_address(options.origin_ip):
        yield InvalidInput("originIp must be an IP address", path=(*_PATH, "originIp"))
    if options.origin_device is not None and not _is_plain(options.origin_device):
        yield InvalidInput("originDevice must be printable ASCII", path=(*_PATH, "originDevice"))


def issue_headers(issue: Issue) -> dict[str, str]:
    """The headers, given that there are no problems."""
    options, settings = issue.options, issue.settings
    skips_webhooks = settings.skip_webhooks if options.skip_webhooks is None else options.skip_webhooks
    chosen = {
        "chargebee-event-email": _OFF if issue.command.notify_customer is False else None,
        "chargebee-event-webhook": _OFF if skips_webhooks else None,
        "chargebee-event-actions": _OFF if _skips_actions(issue) else None,
        BUSINESS_ENTITY: options.business_entity_id or settings.options.get("business_entity_id"),
        **_origin_user(options.origin_user),
        "chargebee-request-origin-ip": options.origin_ip,
        "chargebee-request-origin-device": options.origin_device,
    }
    return {name: value for name, value in chosen.items() if value}


def account_headers(settings: AccountSettings) -> dict[str, str]:
    """The headers of a change that has no options of its own: as the account is set."""
    chosen = {
        "chargebee-event-webhook": _OFF if settings.skip_webhooks else None,
        "chargebee-event-actions": _OFF if settings.skip_actions else None,
        BUSINESS_ENTITY: settings.options.get("business_entity_id"),
    }
    return {name: value for name, value in chosen.items() if value}


def _origin_user(user: str | None) -> dict[str, str | None]:
    """As it is where it is ASCII, in Base64 of its UTF-8 otherwise (docs: the plain header takes ASCII only)."""
    if user is None or user.isascii():
        return {"chargebee-request-origin-user": user}
    return {"chargebee-request-origin-user-encoded": b64encode(user.encode()).decode()}


def _skips_actions(issue: Issue) -> bool:
    chosen = issue.options.skip_actions
    return issue.settings.skip_actions if chosen is None else chosen


def _is_user(text: str) -> bool:
    return 0 < len(text) <= LONGEST_ORIGIN_USER and text == text.strip() and text.isprintable()


def _is_plain(text: str) -> bool:
    return bool(text.strip()) and text == text.strip() and text.isascii() and text.isprintable()


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
