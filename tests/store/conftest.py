"""A store of every kind: what one promises, all do."""

from __future__ import annotations

from tests.support.store_kinds import SERVERS, store_of

store = store_of("memory", *SERVERS)
