"""A provider's sandbox on a socket, as the suites of every provider use it. No test lives here, and no provider's name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from app.sandbox.kernel import Json, ProviderSandbox

Sandbox = TypeVar("Sandbox", bound=ProviderSandbox)


@dataclass(frozen=True)
class Sandboxed(Generic[Sandbox]):
    """The sandbox, being served."""

    sandbox: Sandbox
    url: str

    def fresh(self) -> None:
        """Books and switches as at the start."""
        self.sandbox.switches.reset()
        self.sandbox.reset()

    def act(self, action: str, **arguments: Json) -> Any:
        """Behind the gateway's back; what the sandbox says to it."""
        return self.sandbox.act(action, arguments)

    def switch(self, **chosen: str) -> None:
        """What is not published, the other way."""
        for name, value in chosen.items():
            self.sandbox.switches.set(name, value)

    def notes(self, invoice_id: str) -> list[dict[str, Json]]:
        """The notes in the books against this invoice."""
        return [note for note in self.sandbox.books()["notes"] if note["invoice_id"] == invoice_id]
