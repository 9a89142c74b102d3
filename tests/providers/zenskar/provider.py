"""Zenskar as nobody has seen it: answers of any shape, over a socket. No test lives here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.providers.zenskar import reply

Answer = tuple[int, object]


class Provider:
    """Answers what it was told, by path and cursor, and remembers what it was asked."""

    def __init__(self, answers: Mapping[str, Answer | object]) -> None:
        self._answers = answers
        self.asked: list[Request] = []
        self.bodies: list[bytes] = []
        self.app = Starlette(routes=[Route("/{path:path}", self._answer, methods=["GET", "POST", "PATCH"])])

    async def _answer(self, request: Request) -> Response:
        self.asked.append(request)
        self.bodies.append(await request.body())
        cursor = request.query_params.get("cursor")
        key = request.url.path if cursor is None else f"{request.url.path}?{cursor}"
        answer = self._answers.get(key, (404, {"detail": "nothing here"}))
        status, body = answer if isinstance(answer, tuple) else (200, answer)
        return Response(body if isinstance(body, bytes) else msgspec.json.encode(body), status, media_type="application/json")


def note(**members: Any) -> dict[str, Any]:
    return {**reply("found")["body"], **members}


def page(*notes: dict[str, Any], next: str | None = None) -> dict[str, Any]:
    return {"results": list(notes), "next": next, "previous": None, "total_count": len(notes)}
