"""What the operator decides about the HTTP edge, from the environment and from the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.edge_settings import USUAL, EdgeSettings
from app.settings import SettingsError, read_settings

CHOSEN = {
    "body_bytes": 2048, "body_timeout_s": 2.5, "document_characters": 2000, "document_tokens": 200, "document_operations": 2,
    "query_depth": 7, "query_aliases": 8, "query_fields": 90, "query_reads": 33, "query_values": 444, "persisted_characters": 0,
    "socket_init_s": 1.5, "socket_operations": 12, "stream_heartbeat_s": 3.5, "stream_stalled_s": 4.5,
}  # fmt: skip


def test_every_bound_comes_from_the_environment_and_from_the_file(tmp_path: Path) -> None:
    words = {"trusted_documents", "trusted_mode", "subgraph", "sources", "profile", "introspection", "graphiql", "suggestions"}
    assert set(CHOSEN) == set(EdgeSettings.model_fields) - words
    place = tmp_path / "accounts.toml"
    place.write_text("[settings]\n" + "\n".join(f"{name} = {value}" for name, value in CHOSEN.items()))
    spoken = {f"CREDIT_NOTES_{name.upper()}": str(value) for name, value in CHOSEN.items()}
    for edge in (read_settings(environment=spoken).edge, read_settings(environment={}, config=place).edge):
        assert {name: getattr(edge, name) for name in CHOSEN} == CHOSEN
        assert edge.trusted_mode == "off"


def test_nothing_said_means_the_usual() -> None:
    assert read_settings(environment={}).edge == USUAL


@pytest.mark.parametrize("name", sorted(EdgeSettings.model_fields))
def test_a_bound_that_is_none_is_told_by_its_name(name: str) -> None:
    with pytest.raises(SettingsError) as told:
        read_settings(environment={f"CREDIT_NOTES_{name.upper()}": "-1"})
    assert [mistake.partition(":")[0] for mistake in told.value.mistakes] == [f"CREDIT_NOTES_{name.upper()}"]


def test_what_is_decided_once_stays() -> None:
    with pytest.raises(ValueError, match="frozen"):
        USUAL.body_bytes = 1
