"""How large a document is once its fragments are spread out, measured before anything else looks at it, in time linear in its text.

What an operation costs is counted in cost.py.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from graphql import ASTValidationRule, DocumentNode, FieldNode, FragmentDefinitionNode, FragmentSpreadNode, OperationDefinitionNode
from graphql.language import InlineFragmentNode, SelectionSetNode
from graphql.validation.validate import ValidationAbortedError

from app.domain.errors import LimitExceeded
from app.edge_settings import EdgeSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """What a selection holds, the fragments it spreads included."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Definition:
    """One operation or fragment by itself: its own size, and which fragments it spreads how deep."""

    own: Size
    spreads: tuple[tuple[str, int], ...]


@functools.cache
def limits_rule(limits: EdgeSettings) -> type[ASTValidationRule]:
    """The validation rule that holds these limits. First of all rules: it ends the validation of what is too large for the others."""

    class Limits(ASTValidationRule):
        def enter_document(self, node: DocumentNode, *_: Any) -> None:
            check(node, limits)

    return Limits


def check(document: DocumentNode, limits: EdgeSettings) -> None:
    """Pass, or end the validation with the first limit exceeded."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) > limits.document_operations:
        _exceeded("the document holds {} operations; at most {} are taken", len(operations), limits.document_operations)
    sizes = _fragment_sizes(
        {
            node.name.value: _definition(node.selection_set)
            for node in document.definitions
            if isinstance(node, FragmentDefinitionNode)
        }
    )
    for operation in operations:
        size = _size(_definition(operation.selection_set), sizes)
        if size.depth > limits.query_depth:
            _exceeded("the operation is {} fields deep; at most {} are taken", size.depth, limits.query_depth)
        if size.aliases > limits.query_aliases:
            _exceeded("the operation has {} aliases; at most {} are taken", size.aliases, limits.query_aliases)
        if size.fields > limits.query_fields:
            _exceeded("the operation selects {} fields; at most {} are taken", size.fields, limits.query_fields)


_COUNTED = 10**6
"""Fragments that spread each other multiply; beyond this a number is not worth its digits."""


def _exceeded(told: str, value: int, limit: int) -> NoReturn:
    message = told.format(value if value < _COUNTED else f"more than {_COUNTED - 1}", limit)
    raise ValidationAbortedError(message, original_error=LimitExceeded(message))


def _definition(selections: SelectionSetNode) -> _Definition:
    """Walk one definition, without recursion and without following its spreads."""
    deepest = fields = aliases = 0
    spreads: list[tuple[str, int]] = []
    waiting = [(selections, 0)]
    while waiting:
        selections, depth = waiting.pop()
        for node in selections.selections:
            match node:
                case FieldNode():
                    deepest = max(deepest, depth + 1)
                    fields += 1
                    aliases += node.alias is not None
                    if node.selection_set is not None:
                        waiting.append((node.selection_set, depth + 1))
                case InlineFragmentNode():
                    waiting.append((node.selection_set, depth))
                case FragmentSpreadNode():
                    spreads.append((node.name.value, depth))
    return _Definition(own=Size(depth=deepest, fields=fields, aliases=aliases), spreads=tuple(spreads))


def _fragment_sizes(fragments: Mapping[str, _Definition]) -> dict[str, Size]:
    """Every fragment's size, each computed once, after those it spreads."""
    sizes: dict[str, Size] = {}
    for name in _inside_out(fragments):
        sizes[name] = _size(fragments[name], sizes)
    return sizes


def _inside_out(fragments: Mapping[str, _Definition]) -> Iterator[str]:
    """The fragments' names, what is spread before what spreads it. A circle is cut open: other rules refuse it."""
    seen: set[str] = set()
    for first in fragments:
        waiting = [(first, False)]
        while waiting:
            name, is_done = waiting.pop()
            if is_done:
                yield name
            elif name in fragments and name not in seen:
                seen.add(name)
                waiting.append((name, True))
                waiting += [(spread, False) for spread, _ in fragments[name].spreads]


def _size(definition: _Definition, sizes: Mapping[str, Size]) -> Size:
    """Its own size and that of what it spreads; what has none yet closes a circle, or does not exist."""
    spread = [(sizes[name], depth) for name, depth in definition.spreads if name in sizes]
    own = definition.own
    return Size(
        depth=max([own.depth, *(depth + size.depth for size, depth in spread)]),
        fields=min(_COUNTED, own.fields + sum(size.fields for size, _ in spread)),
        aliases=min(_COUNTED, own.aliases + sum(size.aliases for size, _ in spread)),
    )
