"""What `serve` says when it runs on the built-in sandboxes: where things are, and what to try first."""

from __future__ import annotations

from collections.abc import Mapping

FIRST_QUERY = """\
{
  invoiceByReference(account: "chargebee-demo", by: { providerId: "INV-1004" }) {
    id
    details { status total { amount currency } creditable { adjustable { amount } refundable { amount } exact } }
  }
  creditNotes(first: 5) {
    nodes { id number total { amount currency } status account { name } }
    sources { account { name } complete }
  }
}"""

_IDS = """\
account         paid               unpaid  JPY     partly  void
chargebee-demo  INV-1001           ...1002 ...1003 ...1004 ...1005
vcita-demo      inv0000000001001   ...1002 ...1003 ...1004 ...1005
zenskar-demo    00000000-0000-4000-8000-000000001001 ...1002 ...1003 ...1004 ...1005"""


def welcome(address: str, providers: Mapping[str, str], control: str) -> str:
    """The text."""
    ports = "\n".join(f"  {name:<12}{url}" for name, url in providers.items())
    return f"""
Credit Notes on built-in sandboxes (nothing leaves this machine)

  GraphiQL    {address}
  sandbox     {control}   books, faults, switches, clock
{ports}

Demo invoices (customers acme and globex):
{_indented(_IDS)}

A first query:
{_indented(FIRST_QUERY)}

Stop with Ctrl-C.
"""


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
