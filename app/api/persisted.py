"""Documents that are asked for by an identifier: those a client has sent before (automatic persisted queries), and those the operator trusts.

What a document says, and what it costs, is looked at later and for all of them alike.
"""

from __future__ import annotations

import hashlib
import re

from app import telemetry
from app.api.bounded_memory import BoundedMemory
from app.api.http_request import GraphQLRequest, Refused
from app.domain.errors import Forbidden, InvalidInput, NotFound, Unsupported
from app.edge_settings import EdgeSettings, read_manifest

_HASH = re.compile(r"[0-9a-f]{64}")
_PREFIX = "sha256:"


class PersistedDocuments:
    """Finds the text that a request means."""

    def __init__(self, edge: EdgeSettings) -> None:
        self._most = edge.persisted_characters
        # By tenant as well: nobody is to learn what another tenant asks. One memory all the same, so that many tenants fill no more.
        self._sent: BoundedMemory[tuple[str | None, str], str] = BoundedMemory(self._most)
        self._mode = edge.trusted_mode
        is_used = edge.trusted_documents is not None and self._mode != "off"
        self._trusted = read_manifest(edge.trusted_documents) if is_used and edge.trusted_documents is not None else {}
        self.trusted = frozenset(self._trusted.values())
        """The texts that the operator trusts."""

    def text(self, asked: GraphQLRequest, tenant: str | None) -> str:
        """The document that a caller of this tenant means. Raises Refused where the request names none, and what a caller may be told where it cannot be had."""
        id = _identifier(asked)
        if id is None and asked.query is None:
            raise Refused(400, "query is missing")
        trusted = None if id is None else self._trusted.get(id)
        if trusted is not None and asked.query in {None, trusted}:
            return trusted
        if asked.query is None or asked.query not in self.trusted:
            self._distrust(asked, id)
        return self._sent_before(id, tenant) if asked.query is None else self._sent_now(asked.query, id, tenant)

    def _distrust(self, asked: GraphQLRequest, id: str | None) -> None:
        """What is done about a document that is not in the manifest."""
        match self._mode:
            case "enforce":
                message = "only the documents this gateway knows beforehand are answered"
                raise Forbidden(message)
            case "log":
                telemetry.untrusted_document(id=id or _sha256(asked.query or ""), operation=asked.operation_name)

    def _sent_before(self, id: str | None, tenant: str | None) -> str:
        if not self._most:
            raise Unsupported("PersistedQueryNotSupported")  # noqa: EM101 - this and the next text are the protocol's words
        text = None if id is None else self._sent.get((tenant, id))
        if text is None:
            raise NotFound("PersistedQueryNotFound")  # noqa: EM101 - as above: by it clients know that they must send the text
        return text

    def _sent_now(self, text: str, id: str | None, tenant: str | None) -> str:
        if id is not None:
            if _sha256(text) != id:
                message = "the hash is not that of the document"
                raise InvalidInput(message, path=("extensions", "persistedQuery", "sha256Hash"))
            self._sent.put((tenant, id), text, weight=len(tenant or "") + len(id) + len(text))
        return text


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _identifier(asked: GraphQLRequest) -> str | None:
    """The document's identifier, in either of the two ways to give it; a hash without its prefix."""
    persisted = asked.extensions.get("persistedQuery")
    if asked.document_id is not None:
        if asked.query is not None or persisted is not None:
            raise Refused(400, "documentId stands alone: query or persistedQuery is given as well")
        return asked.document_id.removeprefix(_PREFIX)
    if persisted is None:
        return None
    hash = persisted.get("sha256Hash") if isinstance(persisted, dict) and persisted.get("version") == 1 else None
    if not isinstance(hash, str) or not _HASH.fullmatch(hash):
        raise Refused(400, "extensions.persistedQuery must hold version 1 and sha256Hash, 64 hexadecimal digits in lower case")
    return hash
