"""The plain settings: where each may come from, which comes first, and how mistakes are told: all at once, each with its remedy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.secret import Secret
from app.settings import Settings, SettingsError, read_settings
from app.timings import Timings

KEY = "0123456789abcdef0123456789abcdef"
OTHER_KEY = "fedcba9876543210fedcba9876543210"

# name, as text, what it becomes
EVERY_PLAIN = [
    ("host", "localhost", "localhost"),
    ("port", "0", 0),
    ("emulated_pages", "100", 100),
    ("audit_length", "1", 1),
]
EVERY_TIMING = {
    "read_timeout_s": "1.5", "write_timeout_s": "2.5", "ledger_lease_s": "3.5", "invoice_lease_s": "4.5", "settling_s": "5.5",
    "settling_after_timeout_s": "6.5", "absent_after_s": "11.5", "resolver_s": "0.5", "note_fresh_s": "8.5", "list_fresh_s": "9.5", "invoice_fresh_s": "10.5",
    "stale_on_error_s": "12.5",
}  # fmt: skip


def read(environment: dict[str, str] | None = None, **more: Any) -> Settings:
    return read_settings(environment={f"CREDIT_NOTES_{name}": value for name, value in (environment or {}).items()}, **more)


def mistakes(environment: dict[str, str] | None = None, **more: Any) -> list[str]:
    with pytest.raises(SettingsError) as told:
        read(environment, **more)
    return told.value.mistakes


def config(folder: Path, text: str) -> Path:
    place = folder / "accounts.toml"
    place.write_text(text)
    return place


def test_nothing_said_means_the_sandboxes_on_this_machine() -> None:
    assert read() == Settings(
        host="127.0.0.1", port=8000, workers=1, redis_url=None, cache_redis_url=None, signing_keys=(), is_open=False,
        accepts_volatile_ledger=False, requires_durable_ledger=False, ledger_wait_replicas=0, ledger_wait_aof=False, ledger_wait_ms=500,
        audit_length=100_000, logs_json=False, emulated_pages=5, accounts={},
        timings=Timings(
            read_timeout_s=10, write_timeout_s=30, ledger_lease_s=45, invoice_lease_s=15, settling_s=5, settling_after_timeout_s=120,
            absent_after_s=600, resolver_s=5, ledger_keep_s=2_592_000, note_fresh_s=30, list_fresh_s=5, invoice_fresh_s=5,
            stale_on_error_s=300,
        ),
    )  # fmt: skip


@pytest.mark.parametrize(("name", "text", "value"), EVERY_PLAIN)
def test_every_plain_setting_comes_from_the_environment_and_from_the_file(
    tmp_path: Path, name: str, text: str, value: object
) -> None:
    assert getattr(read({name.upper(): text}), name) == value
    literal = text if text.isdigit() else f'"{text}"'
    assert getattr(read(config=config(tmp_path, f"[settings]\n{name} = {literal}")), name) == value


def test_every_span_of_time_comes_from_the_environment_and_from_the_file(tmp_path: Path) -> None:
    expected = Timings(
        read_timeout_s=1.5, write_timeout_s=2.5, ledger_lease_s=3.5, invoice_lease_s=4.5, settling_s=5.5, settling_after_timeout_s=6.5,
        absent_after_s=11.5, resolver_s=0.5, note_fresh_s=8.5, list_fresh_s=9.5, invoice_fresh_s=10.5, stale_on_error_s=12.5, ledger_keep_s=172_800,
    )  # fmt: skip
    spoken = {name.upper(): text for name, text in EVERY_TIMING.items()}
    assert read({**spoken, "LEDGER_KEEP_DAYS": "2"}).timings == expected
    table = "\n".join(f"{name} = {text}" for name, text in EVERY_TIMING.items())
    assert read(config=config(tmp_path, f"[settings]\nledger_keep_days = 2\n{table}")).timings == expected


def test_the_rest_of_the_environment() -> None:
    settings = read({
        "REDIS_URL": "redis://127.0.0.1:1/0", "CACHE_REDIS_URL": "redis://127.0.0.1:2/0", "SECRET": f" {KEY} , {OTHER_KEY}",
        "OPEN": "yes", "HOST": "0.0.0.0", "VOLATILE_LEDGER": "accept", "LOG": "json", "WORKERS": "3", "LEDGER_DURABILITY": "required",
        "LEDGER_WAIT_REPLICAS": "2", "LEDGER_WAIT_AOF": "yes", "LEDGER_WAIT_MS": "900",
    })  # fmt: skip
    assert settings.redis_url == Secret("redis://127.0.0.1:1/0")
    assert settings.cache_redis_url == Secret("redis://127.0.0.1:2/0")
    assert settings.signing_keys == (Secret(KEY), Secret(OTHER_KEY))
    assert (settings.is_open, settings.host) == (True, "0.0.0.0")
    assert (settings.accepts_volatile_ledger, settings.logs_json, settings.workers) == (True, True, 3)
    assert settings.requires_durable_ledger
    assert (settings.ledger_wait_replicas, settings.ledger_wait_aof, settings.ledger_wait_ms) == (2, True, 900)


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    place = config(tmp_path, "[settings]\nport = 1001")
    assert read(config=place).port == 1001
    assert read({"PORT": "1002"}, config=place).port == 1002
    assert read({"PORT": "1002"}, config=place, port=1003).port == 1003
    assert read({"PORT": "1002"}, config=place, port=None).port == 1002
    assert read({"PORT": ""}, config=place).port == 1001


def test_the_file_is_named_by_the_environment_or_the_command_line(tmp_path: Path) -> None:
    first = config(tmp_path, "[settings]\nport = 1001")
    second = tmp_path / "second.toml"
    second.write_text("[settings]\nport = 1002")
    assert read({"CONFIG": str(first)}).port == 1001
    assert read({"CONFIG": str(first)}, config=second).port == 1002


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read (No such file or directory)"),
        (b"port = ", "not TOML"),
        (b"\xff\xfe", "not TOML"),
        (b'settings = "all"', "[settings]: must be a table"),
        (b"[setting]\nport = 1", "[setting]: unknown; there are [accounts.NAME], [keys.NAME], [issuers.NAME] and [settings]"),
    ],
)
def test_a_file_that_cannot_be_used_is_told(tmp_path: Path, content: bytes | None, said: str) -> None:
    place = tmp_path / "accounts.toml"
    if content is not None:
        place.write_bytes(content)
    (told,) = mistakes(config=place)
    assert said in told
    assert str(place) in told or said.startswith("[settings]")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "65536"), ("PORT", "-1"), ("PORT", "http"), ("PORT", "80.5"), ("WORKERS", "0"), ("WORKERS", "65"), ("OPEN", "maybe"),
        ("VOLATILE_LEDGER", "yes"), ("LOG", "xml"), ("READ_TIMEOUT_S", "0"), ("READ_TIMEOUT_S", "nan"), ("WRITE_TIMEOUT_S", "inf"),
        ("SETTLING_S", "-1"), ("LEDGER_LEASE_S", "86401"), ("INVOICE_LEASE_S", "soon"), ("SETTLING_AFTER_TIMEOUT_S", "0"),
        ("ABSENT_AFTER_S", "0"), ("LEDGER_KEEP_DAYS", "0"), ("NOTE_FRESH_S", "-1"), ("LIST_FRESH_S", "3601"), ("STALE_ON_ERROR_S", "-1"),
        ("INVOICE_FRESH_S", "x"), ("EMULATED_PAGES", "0"), ("SECRET", "short"), ("SECRET", f"{KEY},short"), ("SECRET", f"{KEY},"),
        ("REDIS_URL", "http://127.0.0.1"), ("REDIS_URL", "redis://:p/a/ss@host"), ("REDIS_URL", "127.0.0.1:6379"),
        ("CACHE_REDIS_URL", "memcached://127.0.0.1"), ("LEDGER_DURABILITY", "yes"), ("LEDGER_WAIT_REPLICAS", "-1"),
        ("LEDGER_WAIT_AOF", "always"), ("LEDGER_WAIT_MS", "0"), ("LEDGER_WAIT_MS", "5001"), ("AUDIT_LENGTH", "0"), ("RESOLVER_S", "-1"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_told_once_by_its_name(name: str, value: str) -> None:
    (told,) = mistakes({name: value})
    assert told.startswith(f"CREDIT_NOTES_{name}: ")


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    place = config(
        tmp_path, '[settings]\ncolour = "red"\n[accounts.one]\nprovider = "nobody"\n[accounts.two]\nprovider = "vcita"\n[other]\n'
    )
    told = mistakes({"PORT": "x", "WORKERS": "2", "HOST": "0.0.0.0", "WRITE_TIMEOUT_S": "60"}, config=place)
    for start in (
        "CREDIT_NOTES_PORT: ",
        "CREDIT_NOTES_WORKERS: ",
        "CREDIT_NOTES_HOST: ",
        "CREDIT_NOTES_LEDGER_LEASE_S: ",
        "CREDIT_NOTES_COLOUR: ",
        "CREDIT_NOTES_SECRET: ",
        f"{place} [other]: ",
        f"{place} [accounts.one] provider: ",
        f"{place} [accounts.two] token: ",
    ):
        assert [mistake.startswith(start) for mistake in told].count(True) == 1, (start, told)
    assert len(told) == 9


def test_a_secret_in_the_file_does_not_hide_the_other_mistakes(tmp_path: Path) -> None:
    told = mistakes({"PORT": "x"}, config=config(tmp_path, '[settings]\nsecret = "hunter2"\nworkers = 0\n'))
    assert [mistake.partition(": ")[0] for mistake in told] == ["[settings] secret", "CREDIT_NOTES_PORT", "CREDIT_NOTES_WORKERS"]
    assert "hunter2" not in str(told)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_loopback_is_served_to_anybody_on_the_machine(host: str) -> None:
    assert read({"HOST": host}).host == host


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "gateway.example", "127.0.0.2.example", "10.0.0.1"])
def test_any_other_address_needs_a_word(host: str) -> None:
    (told,) = mistakes({"HOST": host})
    assert told.startswith("CREDIT_NOTES_HOST: ")
    assert "CREDIT_NOTES_OPEN=yes" in told
    assert mistakes(host=host) == [told]
    assert read({"HOST": host, "OPEN": "yes"}).host == host
    assert read({"HOST": host}, serving=False).host == host


def test_workers_share_their_memory_in_redis_or_there_is_one() -> None:
    (told,) = mistakes({"WORKERS": "2"})
    assert told.startswith("CREDIT_NOTES_WORKERS: ")
    assert "CREDIT_NOTES_REDIS_URL" in told
    assert read({"WORKERS": "2", "REDIS_URL": "redis://h/0", "SECRET": KEY}).workers == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CACHE_REDIS_URL", "redis://h/1"),
        ("LEDGER_DURABILITY", "required"),
        ("LEDGER_WAIT_REPLICAS", "1"),
        ("LEDGER_WAIT_AOF", "yes"),
    ],
)
def test_what_speaks_of_a_ledger_in_redis_needs_one(name: str, value: str) -> None:
    (told,) = mistakes({name: value})
    assert told.startswith(f"CREDIT_NOTES_{name}: ")
    assert "CREDIT_NOTES_REDIS_URL" in told
    read({name: value, "REDIS_URL": "redis://h/0", "SECRET": KEY})


def test_nobody_needs_to_look_for_lost_writes() -> None:
    assert read({"RESOLVER_S": "0"}).timings.resolver_s == 0


def test_a_secret_is_needed_with_redis_or_real_accounts_and_not_for_the_sandboxes(tmp_path: Path) -> None:
    (told,) = mistakes({"REDIS_URL": "redis://h/0"})
    assert told.startswith("CREDIT_NOTES_SECRET: ")
    assert "32 characters" in told
    place = config(tmp_path, '[accounts.one]\nprovider = "vcita"\ntoken = { env = "CREDIT_NOTES_TOKEN" }')
    (told,) = mistakes({"TOKEN": "t"}, config=place)
    assert told.startswith("CREDIT_NOTES_SECRET: ")
    assert read({"TOKEN": "t", "SECRET": KEY}, config=place).signing_keys == (Secret(KEY),)
    assert read({"TOKEN": "t"}, config=place, serving=False).signing_keys == ()


@pytest.mark.parametrize("name", ["secret", "redis_url", "cache_redis_url"])
def test_what_may_hold_a_secret_is_not_written_into_the_file(tmp_path: Path, name: str) -> None:
    told = mistakes(config=config(tmp_path, f'[settings]\n{name} = "redis://user:hunter2hunter2hunter2hunter2hunter2@h/0"'))
    assert told == [f"[settings] {name}: may hold a secret; set CREDIT_NOTES_{name.upper()} instead"]


def test_a_lease_must_outlive_the_write_it_guards() -> None:
    assert mistakes({"WRITE_TIMEOUT_S": "45"})[0].startswith("CREDIT_NOTES_LEDGER_LEASE_S: ")
    assert read({"WRITE_TIMEOUT_S": "44.9"}).timings.write_timeout_s == 44.9


def test_no_secret_is_ever_shown() -> None:
    secret = "hunter2-hunter2-hunter2-hunter2-hunter2"
    settings = read({"SECRET": secret, "REDIS_URL": f"redis://:{secret}@h/0", "CACHE_REDIS_URL": f"redis://:{secret}@h/1"})
    assert "hunter2" not in repr(settings) + str(settings)
    told = mistakes({
        "SECRET": "hunter2", "REDIS_URL": "redis://:hunter2/@h:hunter2/0", "CACHE_REDIS_URL": "hunter2", "PORT": "x",
    })  # fmt: skip
    assert len(told) == 4
    assert "hunter2" not in "".join(told)
