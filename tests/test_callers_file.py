"""Keys and issuers in the accounts file, and the settings about callers: what is taken, and how mistakes are told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.callers_file import ApiKey, Issuer
from app.domain.vocabulary import Scope
from app.identity_settings import AS_USUAL, IdentitySettings
from app.settings import Settings, SettingsError, read_settings

HASH, OTHER_HASH = "0" * 63 + "a", "0" * 63 + "b"
SECRET = {"CREDIT_NOTES_SECRET": "a text of thirty-two or more characters signs cursors", "T": "t"}
ACCOUNTS = """
[accounts.books]
provider = "vcita"
token = { env = "T" }
[accounts.other-books]
provider = "vcita"
tenant = "globex"
token = { env = "T" }
"""
CHOSEN = {
    "api_keys": "redis", "api_key_memory_s": 1.5, "jwks_refetch_s": 2.5, "jwt_leeway_s": 3.5, "rate_requests": 4, "rate_reads": 5,
}  # fmt: skip


def read(folder: Path, text: str = "", **environment: str) -> Settings:
    place = folder / "f.toml"
    place.write_text(ACCOUNTS + text)
    return read_settings(environment={**SECRET, **environment}, config=place)


def mistakes(folder: Path, text: str = "", **environment: str) -> list[str]:
    with pytest.raises(SettingsError) as told:
        read(folder, text, **environment)
    return [mistake.removeprefix(f"{folder}/") for mistake in told.value.mistakes]


def test_a_key_stands_in_the_file_by_its_hash(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        f'[keys.ci]\nsha256 = "{HASH}"\nscopes = ["read"]\n'
        f'[keys."ann@globex.test"]\nsha256 = "{OTHER_HASH}"\ntenant = "globex"\nscopes = ["write", "read"]\n'
        'accounts = ["other-books"]\nexpires = 2030-01-31T12:00:00Z\n',
    )
    assert settings.callers.keys == (
        ApiKey(name="ci", sha256=HASH, tenant="default", scopes=frozenset({Scope.READ})),
        ApiKey(
            name="ann@globex.test",
            sha256=OTHER_HASH,
            tenant="globex",
            scopes=frozenset({Scope.READ, Scope.WRITE}),
            accounts=frozenset({"other-books"}),
            expires_at=datetime(2030, 1, 31, 12, tzinfo=UTC),
        ),
    )
    assert settings.knows_callers


def test_an_issuer_stands_in_the_file_with_what_its_tokens_mean(tmp_path: Path) -> None:
    settings = read(
        tmp_path,
        '[issuers.plain]\nissuer = "https://plain.test/"\naudience = "us"\n'
        '[issuers.full]\nissuer = "https://full.test"\naudience = ["us", "them"]\njwks_url = "https://keys.full.test/jwks"\n'
        'algorithms = ["PS512"]\ntenant = "globex"\nscopes_claim = "scp"\naccounts_claim = "books"\nscope_prefix = "notes:"\n',
    )
    assert settings.callers.issuers == (
        Issuer(
            name="plain", issuer="https://plain.test/", audiences=("us",), jwks_url=None, algorithms=("RS256", "ES256", "EdDSA"),
            tenant=None, tenant_claim="tenant", scopes_claim="scope", accounts_claim="accounts", scope_prefix="",
        ),
        Issuer(
            name="full", issuer="https://full.test", audiences=("us", "them"), jwks_url="https://keys.full.test/jwks",
            algorithms=("PS512",), tenant="globex", scopes_claim="scp", accounts_claim="books", scope_prefix="notes:",
        ),
    )  # fmt: skip
    assert settings.knows_callers


KEY = f'[keys.k]\nsha256 = "{HASH}"\nscopes = ["read"]\n'
ISSUER = '[issuers.i]\nissuer = "https://i.test"\naudience = "us"\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[keys.k]", ["[keys.k] sha256: is needed", "[keys.k] scopes: is needed"]),
        (KEY.replace(HASH, "cn_" + "a" * 43), ["[keys.k] sha256: "]),
        (KEY.replace(HASH, HASH.upper()), ["[keys.k] sha256: "]),
        (KEY.replace('"read"', '"read", "all"'), ["[keys.k] scopes: is needed: some of read, write, operate"]),
        (KEY.replace('["read"]', "[]"), ["[keys.k] scopes: must be"]),
        (KEY + 'accounts = ["nobody"]', ["[keys.k] accounts: 'nobody' is no account of the tenant 'default'"]),
        (KEY + 'accounts = ["other-books"]', ["[keys.k] accounts: 'other-books' is no account of the tenant 'default'"]),
        (KEY + "accounts = [1]", ["[keys.k] accounts: "]),
        (KEY + "expires = 2030-01-31", ["[keys.k] expires: must be a time with its zone"]),
        (KEY + "expires = 2030-01-31T00:00:00", ["[keys.k] expires: must be a time with its zone"]),
        (KEY + 'tenant = ""', ["[keys.k] tenant: "]),
        (KEY + 'key = "x"', ["[keys.k] key: unknown"]),
        (KEY.replace("keys.k", 'keys."a b"'), ["[keys.a b] name: "]),
        (KEY + KEY.replace("keys.k", "keys.l"), ["[keys] sha256: the same one stands in two tables"]),
        ("[keys]\nk = 1", ["[keys]: must hold"]),
        ("[issuers.i]", ["[issuers.i] issuer: ", "[issuers.i] audience: is needed"]),
        (ISSUER.replace("https", "http"), ["[issuers.i] issuer: must be an address like https://host"]),
        (ISSUER + 'jwks_url = "http://i.test/jwks"', ["[issuers.i] jwks_url: must be an address like https://host"]),
        (ISSUER + 'algorithms = ["HS256"]', ["[issuers.i] algorithms: must be some of RS256"]),
        (ISSUER + 'algorithms = ["none"]', ["[issuers.i] algorithms: must be some of RS256"]),
        (ISSUER + 'tenant = "a"\ntenant_claim = "b"', ["[issuers.i] tenant: stands beside tenant_claim"]),
        (ISSUER + ISSUER.replace("issuers.i", "issuers.j"), ["[issuers] issuer: the same one stands in two tables"]),
        (ISSUER + "issuerr = 1", ["[issuers.i] issuerr: unknown"]),
        ("[issuers]\ni = []", ["[issuers]: must hold"]),
    ],
)
def test_every_mistake_is_told_with_its_place(tmp_path: Path, text: str, told: list[str]) -> None:
    found = mistakes(tmp_path, text)
    assert len(found) == len(told)
    assert all(mistake.startswith(f"f.toml {start}") for mistake, start in zip(found, told, strict=True)), found


def test_an_issuer_on_this_machine_needs_no_certificate(tmp_path: Path) -> None:
    assert read(tmp_path, ISSUER.replace("https://i.test", "http://127.0.0.1:9000")).callers.issuers


def test_nothing_said_means_that_nobody_is_known(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert settings.identity == AS_USUAL
    assert not settings.knows_callers


def test_every_number_comes_from_the_environment_and_from_the_file(tmp_path: Path) -> None:
    assert set(CHOSEN) == set(IdentitySettings.model_fields)
    redis = {"CREDIT_NOTES_REDIS_URL": "redis://127.0.0.1:1/0"}
    spoken = {f"CREDIT_NOTES_{name.upper()}": str(value) for name, value in CHOSEN.items()}
    table = "[settings]\n" + "\n".join(f"{name} = {value!r}" for name, value in CHOSEN.items())
    for settings in (read(tmp_path, **redis, **spoken), read(tmp_path, table, **redis)):
        assert settings.identity == IdentitySettings(**CHOSEN)  # type: ignore[arg-type]  # of the types that the fields have
        assert settings.knows_callers


@pytest.mark.parametrize("name", sorted(CHOSEN))
def test_a_bound_that_is_none_is_told_by_its_name(tmp_path: Path, name: str) -> None:
    (told,) = mistakes(tmp_path, **{f"CREDIT_NOTES_{name.upper()}": "-1"})
    assert told.startswith(f"CREDIT_NOTES_{name.upper()}: ")


def test_keys_in_redis_need_redis(tmp_path: Path) -> None:
    (told,) = mistakes(tmp_path, CREDIT_NOTES_API_KEYS="redis")
    assert told == "CREDIT_NOTES_API_KEYS: keys are to be kept in Redis: set CREDIT_NOTES_REDIS_URL as well"


@pytest.mark.parametrize(
    ("text", "environment"),
    [
        (KEY, {}), (ISSUER, {}),
        ("", {"CREDIT_NOTES_API_KEYS": "redis", "CREDIT_NOTES_REDIS_URL": "redis://127.0.0.1:1/0"}),
    ],
)  # fmt: skip
def test_any_address_may_be_served_once_callers_are_known(tmp_path: Path, text: str, environment: dict[str, str]) -> None:
    assert read(tmp_path, text, CREDIT_NOTES_HOST="0.0.0.0", **environment).host == "0.0.0.0"
    (told,) = mistakes(tmp_path, CREDIT_NOTES_HOST="0.0.0.0")
    assert told.startswith("CREDIT_NOTES_HOST: ")
