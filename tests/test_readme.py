"""The documents are held to what the project does: examples are run, tables compared, names looked up, links followed."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import click
import pydantic
import pytest

from app import cli, settings
from app.domain.commands import CreditTotal, InvoiceTarget, IssueCreditNote, VoidCreditNote
from app.domain.credit_note import CreditNote, Ref
from app.domain.errors import NotFound
from app.domain.invoice import Invoice
from app.domain.money import Money
from app.domain.vocabulary import NoteAction, Reason, Status
from app.gateway.accounts import Accounts, Caller
from app.providers.contract import CanVoid
from app.providers.policy import Deadline
from app.sandbox.kernel import BadControl
from app.sandbox.server import make_sandbox
from tests.support import acme, tables
from tests.support.markdown import ROOT, Document, documents
from tests.support.serving import served
from tests.support.walkthrough import walk

README, *OTHERS = documents()
DOCUMENTS = pytest.mark.parametrize("document", [README, *OTHERS], ids=lambda document: document.name)
NAMED = {document.name: document for document in (README, *OTHERS)}
TEN_EUROS = IssueCreditNote(
    key="k",
    target=InvoiceTarget(invoice=Ref("acme-test", "i1")),
    credit=CreditTotal(total=Money(10_00, "EUR")),
    reason=Reason.WAIVER,
)


def commands(document: Document) -> list[str]:
    """Every line of shell, and every word in code type."""
    lines = [line for block in document.blocks if block.language == "sh" for line in block.text.splitlines()]
    return [*lines, *document.spans]


@DOCUMENTS
def test_every_example_is_answered_as_it_is_shown(document: Document) -> None:
    assert walk(document) == []


@DOCUMENTS
def test_a_table_from_the_code_is_as_the_code_has_it(document: Document) -> None:
    assert document.text == tables.rewritten(document.text), f"out of date; write it anew: {tables.COMMAND}"


def test_every_table_there_is_stands_in_one_document() -> None:
    assert sorted(name for document in NAMED.values() for name in tables.names(document.text)) == sorted(tables.TABLES)


def test_every_setting_is_named_with_its_default() -> None:
    named = {row[0].strip("`"): row[1].strip("`") for row in README.rows if row[0].startswith(f"`{settings.PREFIX}")}
    assert named.pop(f"{settings.PREFIX}CONFIG") == "none"
    assert named == {f"{settings.PREFIX}{name.upper()}": default for name, default in defaults().items()}


def defaults() -> dict[str, str]:
    """Every plain setting and its default, as a person writes it."""
    models = [one for one in vars(settings).values() if isinstance(one, type) and issubclass(one, pydantic.BaseModel)]
    (fields,) = [model.model_fields for model in models if "volatile_ledger" in model.model_fields]
    return {name: "none" if field.default is None else f"{field.default}" for name, field in fields.items()}


@DOCUMENTS
def test_every_environment_variable_of_ours_is_a_setting(document: Document) -> None:
    known = {f"{settings.PREFIX}{name.upper()}" for name in (*defaults(), "config")}
    assert set(re.findall(rf"{settings.PREFIX}[A-Z_]*[A-Z]", document.text)) <= known


@DOCUMENTS
def test_every_make_target_named_exists(document: Document) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {target for line in commands(document) for target in re.findall(r"^make ([a-z]+)", line)} <= targets


@DOCUMENTS
def test_every_command_and_option_named_exists(document: Document) -> None:
    for line in commands(document):
        for name, rest in re.findall(r"credit-notes (?!:)([a-z]+)((?: --[a-z-]+(?: \S+)?)*)", line):
            command = cli.main.commands.get(name)
            assert command is not None, line
            known = {option for param in command.params if isinstance(param, click.Option) for option in param.opts}
            assert set(re.findall(r"--[a-z-]+", rest)) <= known, line


@DOCUMENTS
def test_every_link_leads_somewhere(document: Document) -> None:
    for link in document.links:
        file, _, anchor = link.partition("#")
        if "://" in file:
            continue
        target = document.path.parent / file if file else document.path
        assert target.is_file(), link
        assert not anchor or anchor in Document.read(target).anchors, link


@DOCUMENTS
def test_every_file_named_exists(document: Document) -> None:
    named = [span for span in document.spans if re.fullmatch(r"(app|tests|docs|benchmarks)/[\w./-]+", span)]
    assert [name for name in named if not (ROOT / name).exists() and "acme" not in name] == []


@DOCUMENTS
def test_nothing_points_out_of_the_project(document: Document) -> None:
    assert "../" not in "\n".join(document.links) + "\n".join(document.spans)


def test_two_commands_are_enough_to_begin() -> None:
    (first, *_) = [block for block in README.blocks if block.language == "sh"]
    assert first.text == "make run\nmake test\n"


def test_the_accounts_file_shown_is_accepted(tmp_path: Path) -> None:
    (shown,) = [block.text for block in README.blocks if block.language == "toml"]
    (tmp_path / "secret").write_text("a key\n")
    file = tmp_path / "accounts.toml"
    file.write_text(shown.replace("/run/secrets/zenskar", str(tmp_path / "secret")))
    given = {"CHARGEBEE_EU_KEY": "one", "VCITA_TOKEN": "two", "CREDIT_NOTES_SECRET": "x" * settings.SECRET_LENGTH}
    read = settings.read_settings(environment=given, config=file)
    assert set(read.accounts) == {"chargebee-eu", "vcita-main", "zenskar-us"}
    assert (read.port, read.timings.note_fresh_s) == (8080, 60)


def test_every_action_of_the_sandboxes_is_listed() -> None:
    rows = {row[0].strip("`"): row[1] for row in NAMED["docs/sandbox.md"].rows if len(row) == 2}
    for name, provider in make_sandbox().providers.items():
        with pytest.raises(BadControl) as refused:
            provider.act("no such action", {})
        known = set(re.findall(r"[a-z_]+", str(refused.value).partition("there are")[2]))
        assert set(re.findall(r"`([a-z_]+)`", re.sub(r"\([^)]*\)", "", rows[name]))) == known


@pytest.mark.anyio
async def test_the_provider_made_up_in_the_documents_reads_issues_and_voids(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = acme.load(NAMED["docs/adding-a-provider.md"], lambda name, module: monkeypatch.setitem(sys.modules, name, module))
    peer = acme.Acme()
    with served(peer.app) as url:
        accounts = Accounts({"acme-test": acme.account(url)}, {"acme": spec})
        adapter = accounts.find(Caller(name="tests"), "acme-test").adapter(Deadline(5))
        notes, invoices = await adapter.fetch_many(["n1", "n2"]), await adapter.invoices(["i1", "i2"])
        invoice = invoices["i1"]
        assert isinstance(invoice, Invoice)
        assert isinstance(adapter, CanVoid)
        assert adapter.preview(TEN_EUROS, invoice).total == Money(10_00, "EUR")
        note = await adapter.issue(adapter.plan(TEN_EUROS, invoice), key="the key")
        voided = await adapter.void(adapter.plan_void(VoidCreditNote(key="k", note=note.ref), note), key="another")
        await accounts.aclose()
    assert [type(notes["n1"]), type(notes["n2"]), type(invoices["i2"])] == [CreditNote, NotFound, NotFound]
    assert (note.total, note.invoice_id, peer.keys) == (Money(10_00, "EUR"), "i1", ["the key", "another"])
    assert (voided.ref, voided.status) == (note.ref, Status.VOIDED)
    assert [adapter.allows(one) for one in (note, voided)] == [frozenset({NoteAction.VOID}), frozenset()]
