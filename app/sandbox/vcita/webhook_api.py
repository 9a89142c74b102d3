"""The operations of public webhooks: subscribe, unsubscribe, list. What is told to subscribers is `events`' business."""

from __future__ import annotations

import re

from starlette.responses import Response

from app.sandbox.vcita.access import STAFF_AND_DIRECTORY
from app.sandbox.vcita.answers import answer
from app.sandbox.vcita.business import Business
from app.sandbox.vcita.calls import Call, Endpoint
from app.sandbox.vcita.events import PUBLIC_EVENTS
from app.sandbox.vcita.reading import Reader
from app.sandbox.vcita.refusals import Complaint, Family, NotSubscribed, Refused

_EVENT = re.compile(r"[a-z_]+/[a-z_]+")
_URL = re.compile(r"https?://[^\s/]+\S*")


def subscribe(business: Business, call: Call) -> Response:
    """docs: Subscribe to webhook; 400 for a malformed event or URL, 500 where there is no such event."""
    event, target_url = _read(call)
    if event not in PUBLIC_EVENTS:
        raise NotSubscribed
    subscription = business.events.subscribe(event, target_url)
    if subscription is None:
        raise Refused(422, Complaint(code="taken", message="Already subscribed"))
    return answer({"status": "OK", "data": {"subscription_id": subscription.uid}}, 201)


def unsubscribe(business: Business, call: Call) -> Response:
    """docs: Unsubscribe from webhook; seen live to succeed whether or not there was a subscription."""
    event, target_url = _read(call)
    business.events.unsubscribe(event, target_url)
    return answer({"response": "Unsubscribed"})


def list_webhooks(business: Business, call: Call) -> Response:  # noqa: ARG001 - every operation takes its call
    """docs: Get webhooks list."""
    known = business.events.subscriptions
    shown = [{"subscription_id": one.uid, "event": one.event, "target_url": one.target_url} for one in known]
    return answer({"status": "OK", "data": {"webhooks": shown}})


def _read(call: Call) -> tuple[str, str]:
    reader = Reader(call.object())
    event, target_url = reader.text("event") or "", reader.text("target_url") or ""
    reader.finish()
    if not _EVENT.fullmatch(event) or not _URL.fullmatch(target_url):
        raise Refused(400, Complaint(code="invalid", message="event must be entity/event_type and target_url a URL"))
    return event, target_url


_V1 = "/platform/v1"

WEBHOOK_ENDPOINTS = tuple(
    Endpoint(method=method, path=f"{_V1}{path}", operation=operation, family=Family.WEBHOOK, tokens=STAFF_AND_DIRECTORY)
    for method, path, operation in (
        ("POST", "/webhook/subscribe", subscribe),
        ("POST", "/webhook/unsubscribe", unsubscribe),
        ("GET", "/webhooks", list_webhooks),
    )
)
