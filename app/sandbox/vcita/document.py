"""The XML kept for every note: a UBL 2.1 credit note made from the booked row. Shown by a control call only.

The provider publishes neither syntax nor content of its own, so this is a stand-in; no operation of the API returns it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from xml.etree import ElementTree as ET

from app.domain.money import exponent, from_units
from app.sandbox.vcita.answers import plain
from app.sandbox.vcita.arithmetic import within
from app.sandbox.vcita.records import Invoice, Note, NoteLine, TaxMode

_UBL = "urn:oasis:names:specification:ubl:schema:xsd:"
_NAMESPACES = {"": f"{_UBL}CreditNote-2", "cac": f"{_UBL}CommonAggregateComponents-2", "cbc": f"{_UBL}CommonBasicComponents-2"}
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(note: Note, invoice: Invoice) -> str:
    """The note as XML text."""
    root = ET.Element(_tag("CreditNote"))
    _add(root, "cbc:CustomizationID", "urn:cen.eu:en16931:2017")
    _add(root, "cbc:ID", note.number)
    _add(root, "cbc:IssueDate", note.issue_date)
    _add(root, "cbc:CreditNoteTypeCode", "381")
    if note.notes:
        _add(root, "cbc:Note", note.notes)
    _add(root, "cbc:DocumentCurrencyCode", note.currency)
    reference = _add(_add(root, "cac:BillingReference"), "cac:InvoiceDocumentReference")
    _add(reference, "cbc:ID", invoice.number)
    _add(reference, "cbc:IssueDate", invoice.issue_date)
    _party(_add(root, "cac:AccountingSupplierParty"), "Demo Business GmbH", "DE123456789")
    _party(_add(root, "cac:AccountingCustomerParty"), invoice.client.name, None)
    _tax_total(root, note)
    _totals(root, note)
    for number, line in enumerate(note.lines, start=1):
        _line(root, number, line, note)
    for prefix, uri in _NAMESPACES.items():
        ET.register_namespace(prefix, uri)
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def _net(line: NoteLine, note: Note) -> int:
    return line.total - sum(tax.minor for tax in line.taxes) if note.tax_mode is TaxMode.INCLUDE else line.total


def _rate(line: NoteLine) -> Decimal:
    return sum((tax.rate for tax in line.taxes), Decimal(0))


def _tax_total(root: ET.Element, note: Note) -> None:
    total = _add(root, "cac:TaxTotal")
    _amount(total, "cbc:TaxAmount", note.gross - note.net, note.currency)
    sums: dict[Decimal, tuple[int, int]] = {}
    for line in note.lines:
        net, tax = sums.get(_rate(line), (0, 0))
        sums[_rate(line)] = (net + _net(line, note), tax + sum(amount.minor for amount in line.taxes))
    for rate, (net, tax) in sums.items():
        subtotal = _add(total, "cac:TaxSubtotal")
        _amount(subtotal, "cbc:TaxableAmount", net, note.currency)
        _amount(subtotal, "cbc:TaxAmount", tax, note.currency)
        _category(subtotal, "cac:TaxCategory", rate)


def _totals(root: ET.Element, note: Note) -> None:
    totals = _add(root, "cac:LegalMonetaryTotal")
    amounts = {"LineExtension": note.net, "TaxExclusive": note.net, "TaxInclusive": note.gross, "Payable": note.gross}
    for name, minor in amounts.items():
        _amount(totals, f"cbc:{name}Amount", minor, note.currency)


def _line(root: ET.Element, number: int, line: NoteLine, note: Note) -> None:
    element = _add(root, "cac:CreditNoteLine")
    _add(element, "cbc:ID", str(number))
    _add(element, "cbc:CreditedQuantity", format(plain(line.quantity), "f")).set("unitCode", "C62")
    _amount(element, "cbc:LineExtensionAmount", _net(line, note), note.currency)
    item = _add(element, "cac:Item")
    _add(item, "cbc:Name", line.name)
    _category(item, "cac:ClassifiedTaxCategory", _rate(line))
    price = _add(_add(element, "cac:Price"), "cbc:PriceAmount", format(_unit_price(line, note), "f"))
    price.set("currencyID", note.currency)


def _unit_price(line: NoteLine, note: Note) -> Decimal:
    if note.tax_mode is TaxMode.EXCLUDE:
        return plain(line.unit_amount)
    net, _ = within(int(line.unit_amount.scaleb(10)), line.taxes)  # ten digits after the point are enough for a price
    return plain(from_units(net, 10))


def _category(parent: ET.Element, name: str, rate: Decimal) -> None:
    category = _add(parent, name)
    _add(category, "cbc:ID", "S" if rate else "Z")
    _add(category, "cbc:Percent", format(plain(rate), "f"))
    _add(_add(category, "cac:TaxScheme"), "cbc:ID", "VAT")


def _party(parent: ET.Element, name: str, vat_id: str | None) -> None:
    party = _add(parent, "cac:Party")
    address = _add(party, "cac:PostalAddress")
    _add(_add(address, "cac:Country"), "cbc:IdentificationCode", "DE")
    if vat_id:
        scheme = _add(party, "cac:PartyTaxScheme")
        _add(scheme, "cbc:CompanyID", vat_id)
        _add(_add(scheme, "cac:TaxScheme"), "cbc:ID", "VAT")
    _add(_add(party, "cac:PartyLegalEntity"), "cbc:RegistrationName", name)


def _amount(parent: ET.Element, name: str, minor: int, currency: str) -> None:
    _add(parent, name, str(from_units(minor, exponent(currency)))).set("currencyID", currency)


def _add(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    element = ET.SubElement(parent, _tag(name))
    if text is not None:
        element.text = _NOT_XML.sub("", text)
    return element


def _tag(name: str) -> str:
    prefix, _, local = name.rpartition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"
