"""What the fuzzer is told of the gateway, so that its documents reach further than a refusal: names, ids, values, and some sense."""

from __future__ import annotations

from graphql import (
    REMOVE,
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLInputObjectType,
    GraphQLObjectType,
    NameNode,
    Node,
    ObjectValueNode,
    SelectionSetNode,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    is_leaf_type,
    visit,
)
from hypothesis import strategies as st
from schemathesis import HookContext
from schemathesis.graphql import nodes

from tests.api.changing import global_id
from tests.conformance.answers import checking
from tests.support.demo import ACCOUNTS, FIRST_NOTES, UNPAID, invoice_id
from tests.support.markdown import ROOT

SCHEMA = checking((ROOT / "schema.graphql").read_text())

# What the fuzzer cannot know is there; its own texts come in between.
INVOICES = [(account, invoice_id(account, UNPAID)) for account in ACCOUNTS]
NOTES = [(account, FIRST_NOTES[account][0]) for account in ACCOUNTS]
KNOWN = {
    "accounts": [*ACCOUNTS],
    "references": [id for _, id in (*INVOICES, *NOTES)],
    "invoices": [global_id("i", *one) for one in INVOICES],
    "notes": [FIRST_NOTES[account][1] for account in ACCOUNTS],
}
PLACES = {
    "*.*.account": "accounts",
    "*.*.by.providerId": "references",
    "*.*.filter.accounts[*]": "accounts",
    "*.*.input.against.customer.account": "accounts",
    "*.*.input.against.invoice.id": "invoices",
    "*.*.input.against.invoice.reference.account": "accounts",
    "*.*.input.against.invoice.reference.providerId": "references",
    "*.*.input.id": "notes",
    "Query.creditNote.id": "notes",
    "Query.creditNotesByIds.ids[*]": "notes",
    "Query.invoice.id": "invoices",
    "Query.node.id": "notes",
    "Query.nodes.ids[*]": "invoices",
}
CONFIG = {
    # A document can be allowed and still ask for what is not there, or for what an account cannot do.
    "checks": {"positive_data_acceptance": {"enabled": False}},
}
SENSE = {
    **CONFIG,
    "generation": {"graphql-allow-null": False},
    "dictionaries": {name: {"values": values} for name, values in KNOWN.items()},
    "parameters": {place: {"dictionary": name, "probability": 0.9} for place, name in PLACES.items()},
}
SCALARS = {
    "BigInt": st.integers(0, 2000) | st.integers(-(10**20), 10**20),
    "CurrencyCode": st.sampled_from(["USD", "EUR", "JPY", "KWD"]),
    "Decimal": st.integers(1, 20) | st.decimals(0, 20, places=2) | st.decimals(places=4, allow_nan=False, allow_infinity=False),
    "ID": st.sampled_from(KNOWN["invoices"] + KNOWN["notes"]) | st.text(max_size=8),
    "JSON": st.text(max_size=5),
    "String": st.sampled_from(KNOWN["references"]) | st.text(max_size=8),
}
WHOLE_NUMBERS = st.integers(1, 100) | st.integers(-(2**31), 2**31 - 1)
NODES = {"Int": WHOLE_NUMBERS.map(nodes.Int), **{name: values.map(nodes.String) for name, values in SCALARS.items()}}


MOST_MEMBERS = {"MoneyInput": 2, "CreditNoteFilter": 1}
"""A currency, which comes first, and an amount in one of two units; one condition, since few notes fulfil many."""


class Sense(Visitor):
    """What the fuzzer does not do: ask an object for all it says of itself, give no more members than go together, begin at the beginning."""

    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self._types = types

    def leave_selection_set(self, node: SelectionSetNode, _key: object, parent: Node, *_: object) -> SelectionSetNode:
        within = self._types.get_parent_type()
        # Not within fragments: what two types call the same must be of the same type.
        whole = within.fields if isinstance(within, GraphQLObjectType) and isinstance(parent, FieldNode) else {}
        leaves = [name for name, field in whole.items() if not field.args and is_leaf_type(get_named_type(field.type))]
        added = [FieldNode(name=NameNode(value=name)) for name in ("__typename", *leaves)]
        return SelectionSetNode(selections=(*added, *node.selections))

    def leave_object_value(self, node: ObjectValueNode, *_: object) -> ObjectValueNode | None:
        wanted = get_named_type(self._types.get_input_type())
        if not isinstance(wanted, GraphQLInputObjectType):
            return None
        most = 1 if wanted.is_one_of else MOST_MEMBERS.get(wanted.name)
        return ObjectValueNode(fields=node.fields[:most])

    def leave_argument(self, node: ArgumentNode, *_: object) -> object:
        return REMOVE if node.name.value == "after" else None


def map_body(_context: HookContext, document: DocumentNode) -> DocumentNode:
    types = TypeInfo(SCHEMA)
    changed: DocumentNode = visit(document, TypeInfoVisitor(types, Sense(types)))
    return changed
