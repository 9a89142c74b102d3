"""What a document has to pass before it is executed, and the memory of those that have.

Only documents that passed are remembered, and not more text of them than is bounded: a parsed one takes 300 times its text.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from typing import cast

from graphql import DocumentNode, GraphQLError, OperationDefinitionNode, OperationType, get_variable_values, validate
from graphql.validation import NoSchemaIntrospectionCustomRule, specified_rules
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from app.api.bounded_memory import BoundedMemory
from app.api.cost import Cost, cost
from app.api.limits import limits_rule
from app.domain.errors import Forbidden, LimitExceeded
from app.domain.vocabulary import Scope
from app.edge_settings import USUAL, EdgeSettings

REMEMBERED_CHARACTERS = 256 * 1024
MOST_COMMENTS = 100
MOST_MISTAKES = 10
"""Told of one request: the message of each may hold all of the document."""

# The library's own switch. Its default lets one document of 17 kB keep the process busy for seconds; a thousandth of this is usual.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 50_000
_GIVEN_UP = "Validation aborted."

Documents = BoundedMemory[tuple[str, EdgeSettings], DocumentNode]
"""Valid documents by their text, and by the limits they were held to."""


class Checks(SchemaExtension):
    """Parses within bounds, validates once, and refuses what would read, take or give too much."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._is_known = False

    @property
    def _limits(self) -> EdgeSettings:
        return getattr(self.execution_context.context, "limits", None) or USUAL

    @property
    def _key(self) -> tuple[str, EdgeSettings]:
        return self.execution_context.query or "", self._limits

    def on_operation(self) -> Iterator[None]:
        """Bounds for the parser, which stops at them."""
        options = cast("dict[str, int]", self.execution_context.parse_options)  # the parser knows more than the framework types
        limits = self._limits
        options.update(
            max_lexical_tokens=limits.document_tokens, max_comments=MOST_COMMENTS, max_source_length=limits.document_characters
        )
        yield

    def on_parse(self) -> Iterator[None]:
        """What is known need not be parsed."""
        known = self._documents.get(self._key)
        self._is_known = known is not None
        self.execution_context.graphql_document = known
        yield

    async def on_validate(self) -> AsyncIterator[None]:
        """What is known need not be validated; what it reads depends on the variables, and is counted each time."""
        context = self.execution_context
        document = cast("DocumentNode", context.graphql_document)  # parsed by now
        try:
            errors = [] if self._is_known else self._validated(document)
            errors = errors or await self._beyond(document)
        except RecursionError:
            message = "the document is nested too deep, by fragments within fragments or by fields within fields"
            errors = [GraphQLError(message, original_error=LimitExceeded(message))]
        context.pre_execution_errors = errors
        yield

    def _validated(self, document: DocumentNode) -> list[GraphQLError]:
        hidden = () if self._limits.introspects else (NoSchemaIntrospectionCustomRule,)
        rules = (limits_rule(self._limits), *specified_rules, OneOfInputValidationRule, *hidden)
        schema = self.execution_context.schema._schema  # noqa: SLF001 - shown nowhere else
        errors = validate(schema, document, rules, MOST_MISTAKES, hide_suggestions=not self._limits.suggests)
        if not errors:
            self._documents.put(self._key, document, weight=len(self._key[0]))
        return [_told(error) for error in errors]

    async def _beyond(self, document: DocumentNode) -> list[GraphQLError]:
        """Why a valid document is not executed all the same."""
        context = self.execution_context
        named = context._provided_operation_name  # noqa: SLF001 - elsewhere the framework gives the first one's name
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
        if named is None and len(operations) > 1:  # the framework would run the first
            return [GraphQLError("Must provide operation name if query contains multiple operations.")]
        operation = _named(operations, named)
        schema, request = context.schema._schema, context.context  # noqa: SLF001 - as above
        variables = get_variable_values(
            schema, operation.variable_definitions or (), context.variables or {}, MOST_MISTAKES, not self._limits.suggests
        )
        if isinstance(variables, list):
            return variables
        known = () if request is None else request.services.accounts.settings.values()
        accounts = sum(request.caller.may_use(one) for one in known)
        costs = cost(schema, document, operation, variables.coerced, accounts=accounts)
        return _too_much(costs, self._limits) or await self._refused(operation, costs.reads)

    async def _refused(self, operation: OperationDefinitionNode, count: int) -> list[GraphQLError]:
        """What this caller may not ask, or not now. What a mutation may not do is told in its payload."""
        request = self.execution_context.context
        if request is None:
            return []
        try:
            if operation.operation is not OperationType.MUTATION:
                request.caller.require(Scope.READ)
        except Forbidden as refused:
            return [GraphQLError(refused.message, original_error=refused)]
        if await request.allowance.take("reads", count):
            return []
        message = "over the caller's limit of reads"
        return [GraphQLError(message, original_error=LimitExceeded(message))]


def _too_much(costs: Cost, limits: EdgeSettings) -> list[GraphQLError]:
    """Which limit of an operation's cost is exceeded."""
    if costs.reads > limits.query_reads:
        found = f"need {costs.reads} reads; at most {limits.query_reads} are taken: ask for smaller pages"
    elif costs.values > limits.query_values:
        found = f"use {costs.values} values; at most {limits.query_values} are taken: ask for fewer fields, or smaller pages"
    else:
        return []
    message = f"the operation may {found}"
    return [GraphQLError(message, original_error=LimitExceeded(message))]


def _told(error: GraphQLError) -> GraphQLError:
    """What the library tells too briefly, or as if it were a bug."""
    if isinstance(error.original_error, ValueError):  # a literal that Python cannot read, such as a number of 5,000 digits
        return GraphQLError("The value cannot be read.", nodes=error.nodes)
    if error.message == _GIVEN_UP:
        message = "the document would take too long to check: too many fields of one name, or fragments within fragments"
        return GraphQLError(message, original_error=LimitExceeded(message))
    return error


def _named(operations: Sequence[OperationDefinitionNode], name: str | None) -> OperationDefinitionNode:
    return next(one for one in operations if name is None or (one.name is not None and one.name.value == name))
