"""Does what a document tells its reader to do, from top to bottom, against a gateway and sandboxes of its own on real sockets.

A `graphql` block is sent, a line of an `sh` block that starts with curl is performed, and a `json` block right behind either is its
answer. There, `…` inside a string stands for what differs from run to run; in a query it is the `endCursor`, or the first `id`, of the
last answer that had one.
"""

from __future__ import annotations

import contextlib
import json
import re
import shlex
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise

import httpx

from app.asgi import create_app, with_sandbox
from app.sandbox.server import serving_in_thread
from app.settings import read_settings
from tests.support.markdown import Block, Document
from tests.support.serving import served

GATEWAY = "http://127.0.0.1:8000"
VARIES = "…"


@dataclass(slots=True, kw_only=True)
class Place:
    """Where the reader's gateway and sandboxes really are, and the cursor or id they were last told."""

    gateway: str
    addresses: Mapping[str, str]
    """As the documents write them -> as they are."""
    told: str = VARIES

    def perform(self, block: Block) -> list[object]:
        """What the block's requests are answered."""
        if block.language == "graphql":
            query = block.text.replace(VARIES, self.told)
            response = httpx.post(f"{self.gateway}/graphql", json={"query": query}, timeout=30)
            told = [id for member in ("endCursor", "id") for id in re.findall(rf'"{member}":\s*"([^"]+)"', response.text)]
            self.told = next(iter(told), self.told)
            return [self._answer(response)]
        return [self._answer(self._curl(line)) for line in curls(block)]

    def _curl(self, line: str) -> httpx.Response:
        words = shlex.split(line.split(" | ", maxsplit=1)[0])[1:]
        request = _Request()
        while words:
            request.take(words)
        url = request.url
        for written, real in self.addresses.items():
            url = url.replace(written, real)
        return httpx.request(request.method, url, content=request.body, headers=dict(request.headers), timeout=30)

    def _answer(self, response: httpx.Response) -> object:
        if response.status_code != 200:
            return {"status": response.status_code, "body": response.text}
        return response.json()


class _Request:
    """A curl line, as far as the documents use curl."""

    def __init__(self) -> None:
        self.method, self.url = "GET", ""
        self.body: str | None = None
        self.headers: list[tuple[str, str]] = []

    def take(self, words: list[str]) -> None:
        """Use up one option, with its argument where it has one."""
        word = words.pop(0)
        match word:
            case "-s" | "--silent":
                pass
            case "-X":
                self.method = words.pop(0)
            case "-H":
                name, _, value = words.pop(0).partition(":")
                self.headers.append((name, value.strip()))
            case "-u":
                self.headers.append(("Authorization", "Basic " + b64encode(words.pop(0).encode()).decode()))
            case "-d":
                self.body = words.pop(0)
                self.method = "POST" if self.method == "GET" else self.method
            case _ if word.startswith("-"):
                message = f"curl {word} is not known here"
                raise ValueError(message)
            case _:
                self.url = word


def curls(block: Block) -> list[str]:
    """The curl lines of a block, each in one piece."""
    lines = block.text.replace("\\\n", " ").splitlines()
    return [line for line in lines if block.language == "sh" and line.startswith("curl ")]


@contextlib.contextmanager
def place() -> Iterator[Place]:
    """A gateway and its sandboxes, as `make run` starts them."""
    with serving_in_thread() as sandbox:
        settings = with_sandbox(read_settings(environment={}), sandbox.providers)
        with served(create_app(settings), lifespan=True) as gateway:
            addresses = {f"${name.upper()}": address for name, address in sandbox.providers.items()}
            yield Place(gateway=gateway, addresses={GATEWAY: gateway, "$SANDBOX": sandbox.control, **addresses})


def walk(document: Document) -> list[str]:
    """What does not come out as the document shows it, each with its line."""
    found = []
    steps = [*document.blocks, Block(language="", text="", line=0)]
    with place() as here:
        for block, after in pairwise(steps):
            if block.language != "graphql" and not curls(block):
                continue
            *unshown, last = here.perform(block)
            problems = [problem for answer in unshown for problem in _unshown(answer)]
            problems += differences(json.loads(after.text), last) if after.language == "json" else _unshown(last)
            found += [f"{document.name}:{block.line}: {problem}" for problem in problems]
    return found


def _unshown(answer: object) -> list[str]:
    """An answer that is not shown must at least be one."""
    match answer:
        case {"status": int(), "body": _} | {"errors": _} | {"error": _}:
            return [f"answered {answer}"]
    return []


def differences(shown: object, real: object, at: str = "$") -> Iterator[str]:
    """Where the real answer is not the one shown."""
    match shown, real:
        case dict(), dict():
            if list(shown) != list(real):
                yield f"{at} has {list(real)}, not {list(shown)}"
            for name in shown.keys() & real.keys():
                yield from differences(shown[name], real[name], f"{at}.{name}")
        case list(), list():
            if len(shown) != len(real):
                yield f"{at} has {len(real)} members, not {len(shown)}"
            for index, (one, other) in enumerate(zip(shown, real, strict=False)):
                yield from differences(one, other, f"{at}[{index}]")
        case str(), str():
            pattern = ".+".join(re.escape(part) for part in shown.split(VARIES))
            if not re.fullmatch(pattern, real, re.DOTALL):
                yield f"{at} is {real!r}, not {shown!r}"
        case _:
            if type(shown) is not type(real) or shown != real:
                yield f"{at} is {real!r}, not {shown!r}"
