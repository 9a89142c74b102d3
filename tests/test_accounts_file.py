"""The accounts of the file: what a table may hold, where secrets come from, and every mistake with its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.accounts_file import demo_accounts, read_accounts
from app.domain.vocabulary import Reason
from app.providers import PROVIDERS
from app.providers.contract import AccountSettings, Limits
from app.secret import Secret

ENVIRONMENT = {"KEY": " a-key \n", "EMPTY": " "}
SOUND: dict[str, dict[str, Any]] = {
    "chargebee": {"provider": "chargebee", "site": "acme", "api_key": {"env": "KEY"}},
    "vcita": {"provider": "vcita", "token": {"env": "KEY"}},
    "zenskar": {"provider": "zenskar", "api_key": {"env": "KEY"}, "organisation": "org"},
}


def read(**accounts: object) -> tuple[dict[str, AccountSettings], list[str]]:
    return read_accounts({"accounts": accounts}, environment=ENVIRONMENT, place="f.toml")


def one(provider: str = "vcita", **more: object) -> AccountSettings:
    accounts, mistakes = read(one={**SOUND[provider], **more})
    assert mistakes == []
    return accounts["one"]


def wrong(provider: str = "vcita", **more: object) -> str:
    """The only mistake, which leaves no account."""
    accounts, (mistake,) = read(one={**SOUND[provider], **more})
    assert accounts == {}
    place, _, told = mistake.partition("f.toml [accounts.one] ")
    assert place == ""
    return told


@pytest.mark.parametrize("provider", SOUND)
def test_an_account_needs_no_more_than_its_credentials_and_its_address(provider: str) -> None:
    account = one(provider)
    assert (account.name, account.provider, account.tenant, account.demo) == ("one", provider, "default", False)
    assert list(account.credentials.values()) == [Secret("a-key")]
    assert (account.base_url, account.currency, account.limits) == (None, None, None)
    assert (account.skip_webhooks, account.skip_actions, account.reason_codes) == (False, False, {})


def test_everything_an_account_may_have() -> None:
    account = one(
        "zenskar",
        tenant="t", currency="KWD", base_url="https://zenskar.example/", api_version="2024", skip_webhooks=True, skip_actions=True,
        reason_codes={"FRAUDULENT": "FR1", "OTHER": "X"}, switches={"split_unit": "minor", "amount_unit": "minor"},
        limits={"per_minute": 60, "concurrent": 0},
    )  # fmt: skip
    assert (account.tenant, account.currency, account.base_url) == ("t", "KWD", "https://zenskar.example")
    assert account.options == {"organisation": "org", "api_version": "2024"}
    assert account.reason_codes == {Reason.FRAUDULENT: "FR1", Reason.OTHER: "X"}
    assert account.switches == {
        "split_unit": "minor", "void": "unset", "payment_unit": "minor", "invoice_total": "remaining", "amount_unit": "minor",
    }  # fmt: skip
    assert account.limits == Limits(per_minute=60, concurrent=0)
    assert (account.skip_webhooks, account.skip_actions) == (True, True)


def test_options_of_one_provider_are_not_another_s() -> None:
    assert one("chargebee", business_entity_id="be").options == {"site": "acme", "business_entity_id": "be"}
    assert one("vcita", on_behalf_of="uid").options == {"on_behalf_of": "uid"}
    assert wrong("vcita", site="acme").startswith("site: unknown for vcita; there are base_url, currency, ")
    assert wrong("zenskar", token={"env": "KEY"}).startswith("token: unknown for zenskar; ")


def test_a_secret_comes_from_the_environment_or_a_file_without_its_blanks(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from-file\n")
    assert one(token={"file": str(tmp_path / "key")}).credentials == {"token": Secret("from-file")}
    assert one(token={"env": "KEY"}).credentials == {"token": Secret("a-key")}


def test_a_secret_that_cannot_be_had_is_told_by_its_place_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text(" \n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert wrong(token="hunter2") == 'token: a secret is not written into this file: use { env = "NAME" } or { file = "/path" }'
    assert wrong(token={"env": "ABSENT"}) == "token: the environment has no ABSENT: set it"
    assert wrong(token={"env": "EMPTY"}) == "token: the environment has no EMPTY: set it"
    assert wrong(token={"file": str(tmp_path / "no")}) == f"token: the file {tmp_path / 'no'} cannot be read"
    assert wrong(token={"file": "\0"}) == "token: the file \0 cannot be read"
    assert wrong(token={"file": str(tmp_path)}) == f"token: the file {tmp_path} cannot be read"
    assert wrong(token={"file": str(tmp_path / "binary")}) == f"token: the file {tmp_path / 'binary'} cannot be read"
    assert wrong(token={"file": str(tmp_path / "empty")}) == f"token: the file {tmp_path / 'empty'} is empty"


@pytest.mark.parametrize("value", [None, 7, {}, {"env": 7}, {"env": "KEY", "file": "f"}, {"vault": "x"}, ["KEY"], True])
def test_a_secret_named_in_no_known_way_is_told(value: object) -> None:
    assert wrong(token=value) == 'token: is needed: { env = "NAME" } or { file = "/path" }'


def test_the_site_or_an_address_of_its_own_makes_where_to_go() -> None:
    without = {"provider": "chargebee", "api_key": {"env": "KEY"}}
    assert read(one=without) == ({}, ["f.toml [accounts.one] site: is needed for chargebee, or base_url instead"])
    accounts, mistakes = read(one={**without, "base_url": "http://127.0.0.1:9101"})
    assert (mistakes, accounts["one"].base_url) == ([], "http://127.0.0.1:9101")
    both = one("chargebee", base_url="http://127.0.0.1:9101")
    assert (both.base_url, both.options) == ("http://127.0.0.1:9101", {"site": "acme"})
    assert read(one={"provider": "zenskar", "api_key": {"env": "KEY"}, "base_url": "https://z.example"})[1] == [
        "f.toml [accounts.one] organisation: is needed for zenskar"
    ]


@pytest.mark.parametrize("address", ["https://host", "https://host/", "https://host/api/v2", "https://host/api/v2/"])
def test_the_address_of_a_chargebee_site_may_name_its_api_or_not(address: str) -> None:
    account = one("chargebee", base_url=address)
    assert PROVIDERS["chargebee"].client(account).base_url == "https://host"


@pytest.mark.parametrize("site", ["acme.chargebee.com", "evil.example/#", "acme:1", "-", "a" * 64])
def test_a_site_is_one_word_of_an_address_so_that_it_names_no_other_host(site: str) -> None:
    assert wrong("chargebee", site=site) == "site: must be a single word of an address: letters, digits and '-'"


@pytest.mark.parametrize("text", ["sch\u00fcssel", "two\nlines", "a\tb", "\x7f"])
def test_what_a_header_cannot_carry_is_told_before_it_is_sent(tmp_path: Path, text: str) -> None:
    (tmp_path / "key").write_text(text)
    told = "must be letters, digits and signs of ASCII, in one line: headers carry nothing else"
    assert wrong("zenskar", organisation=text) == f"organisation: {told}"
    assert wrong(token={"file": str(tmp_path / "key")}) == f"token: {told}"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://host", "https://host"), ("https://host:8443/a/b/", "https://host:8443/a/b"), ("http://127.0.0.1:1/", "http://127.0.0.1:1"),
        ("http://localhost:1", "http://localhost:1"), ("http://[::1]:1", "http://[::1]:1"),
    ],
)  # fmt: skip
def test_an_address_is_https_or_on_this_machine(text: str, kept: str) -> None:
    assert one(base_url=text).base_url == kept


@pytest.mark.parametrize(
    "text",
    [
        "host", "ftp://host", "https://", "https://host?q=1", "https://host#f", "https://user:hunter2@host", "https://user@host",
        "http://host", "http://10.0.0.1", "http://127.0.0.1.example", "", "  ", "https://host:port", "https://host:99999", "https://[::1",
        "https://:hunter2@host", "https://host:0", "https://ho\nst", "https://host /a", "https://host?", "https://host/#", 7,
    ],
)  # fmt: skip
def test_any_other_address_is_refused_and_no_password_in_it_shown(text: object) -> None:
    told = wrong(base_url=text)
    assert told.startswith("base_url: ")
    assert "hunter2" not in told


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"currency": "eur"}, "currency: must be an ISO 4217 code in upper case"),
        ({"currency": "EURO"}, "currency: must be an ISO 4217 code in upper case"),
        ({"currency": 978}, "currency: must be a text that is not empty"),
        ({"tenant": " "}, "tenant: must be a text that is not empty"),
        ({"tenant": "}t"}, "tenant: must be without braces, which decide where its keys live in a cluster"),
        ({"on_behalf_of": ""}, "on_behalf_of: must be a text that is not empty"),
        ({"skip_webhooks": "yes"}, "skip_webhooks: must be true or false"),
        ({"skip_actions": 1}, "skip_actions: must be true or false"),
        ({"switches": {"source_payment": "maybe"}}, "switches.source_payment: 'maybe' is not known; there are source_payment: unset | accepted; refunds: unset | flex"),
        ({"switches": {"other": "x"}}, "switches.other: 'x' is not known; there are source_payment: unset | accepted; refunds: unset | flex"),
        ({"switches": {"source_payment": True}}, "switches: must be a table of texts"),
        ({"switches": "all"}, "switches: must be a table of texts"),
        ({"reason_codes": {"OTHER": 7}}, "reason_codes: must be a table of texts"),
    ],
)  # fmt: skip
def test_a_wrong_member_is_told_by_its_name(more: dict[str, object], told: str) -> None:
    assert wrong("vcita", **more) == told


def test_a_reason_is_one_of_ours() -> None:
    told = wrong(reason_codes={"other": "X"})
    assert told.startswith("reason_codes.other: must be one of DUPLICATE, FRAUDULENT, ORDER_CHANGE, ")


@pytest.mark.parametrize(
    "limits", [7, [], {"per_minute": -1}, {"per_minute": 1.5}, {"concurrent": "2"}, {"concurrent": True}, {"per_hour": 1}, "none"]
)
def test_limits_are_whole_numbers(limits: object) -> None:
    assert wrong(limits=limits) == "limits: must be { per_minute = N, concurrent = N }, whole numbers, 0 for none"


def test_limits_left_out_are_none_and_no_limits_are_the_providers() -> None:
    assert one(limits={"per_minute": 5}).limits == Limits(per_minute=5, concurrent=0)
    assert one(limits={"concurrent": 5}).limits == Limits(per_minute=0, concurrent=5)
    assert one("chargebee").limits is None


@pytest.mark.parametrize("name", ["a", "chargebee-eu", "0", "a.b_c-d", "a" * 64])
def test_a_name_is_short_and_plain(name: str) -> None:
    assert read(**{name: SOUND["vcita"]})[1] == []


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a b", "a/b", "a{b}", "ä", "a" * 65, "a\n"])
def test_any_other_name_is_told(name: str) -> None:
    accounts, (told,) = read(**{name: SOUND["vcita"]})
    assert accounts == {}
    assert "lower-case letters, digits" in told


@pytest.mark.parametrize("table", [{}, {"provider": "stripe"}, {"provider": 7}, "vcita", 7, []])
def test_an_account_of_no_provider_is_told_which_there_are(table: object) -> None:
    assert read(one=table) == ({}, ["f.toml [accounts.one] provider: must be one of chargebee, vcita, zenskar"])


def test_every_mistake_of_every_account_is_told_and_sound_ones_stay() -> None:
    accounts, mistakes = read(
        good=SOUND["vcita"],
        Bad={**SOUND["zenskar"], "currency": "x", "limits": 1, "colour": "red"},
        worse={"provider": "chargebee"},
    )
    assert list(accounts) == ["good"]
    assert [mistake.split(":")[0].removeprefix("f.toml ") for mistake in mistakes] == [
        "[accounts.Bad] name", "[accounts.Bad] colour", "[accounts.Bad] currency", "[accounts.Bad] limits",
        "[accounts.worse] api_key", "[accounts.worse] site",
    ]  # fmt: skip


def test_accounts_that_are_no_tables_and_other_tables_are_told() -> None:
    assert read_accounts({"accounts": [], "colour": "red"}, environment={}, place="f.toml") == (
        {},
        [
            "f.toml [colour]: unknown; there are [accounts.NAME], [keys.NAME], [issuers.NAME] and [settings]",
            "f.toml [accounts]: must hold one table per account",
        ],
    )


def test_no_secret_shows_in_an_account() -> None:
    assert "a-key" not in repr(one()) + str(one())


def test_the_demo_accounts_are_the_sandboxes_and_know_no_limits() -> None:
    accounts = demo_accounts({"chargebee": "http://127.0.0.1:1", "vcita": "http://127.0.0.1:2", "zenskar": "http://127.0.0.1:3"})
    assert {name: (account.provider, account.base_url, account.demo, account.limits) for name, account in accounts.items()} == {
        "chargebee-demo": ("chargebee", "http://127.0.0.1:1", True, Limits()),
        "vcita-demo": ("vcita", "http://127.0.0.1:2", True, Limits()),
        "zenskar-demo": ("zenskar", "http://127.0.0.1:3", True, Limits()),
    }
    assert accounts["vcita-demo"].switches["source_payment"] == "accepted"
    assert accounts["zenskar-demo"].switches["split_unit"] == "major"
