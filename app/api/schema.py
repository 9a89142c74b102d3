"""The schema: types, limits of a document, presentation of errors, and the printed form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import strawberry
from graphql import GraphQLError, OperationDefinitionNode, build_schema, lexicographic_sort_schema, print_schema
from strawberry.extensions import ParserCache, SchemaExtension, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from app.api import enums, provider, provider_options
from app.api.accounts import Account
from app.api.errors import present
from app.api.invoices import Invoice
from app.api.mutations import Mutation
from app.api.problems import AmountProblem, GeneralProblem, OutcomeProblem, UnsupportedProblem
from app.api.queries import Query
from app.api.scalars import SCALARS
from app.api.types import CreditNote

DOCUMENTS = 512
"""Documents whose parsing and validation are remembered."""


class Schema(strawberry.Schema):
    """Presents every error in one way."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Rewrite them in place."""
        context = None if execution_context is None else execution_context.context
        for error in errors:
            present(error, getattr(context, "request_id", None))


class DocumentLimits(SchemaExtension):
    """What a document may cost to parse: the parser stops at these."""

    def on_operation(self) -> Iterator[None]:
        """Set before the document is parsed."""
        options = cast("dict[str, int]", self.execution_context.parse_options)  # the parser knows more than the framework types
        options.update(max_lexical_tokens=5_000, max_comments=100, max_source_length=100_000)
        yield


class OneOperation(SchemaExtension):
    """Which operation is meant must be said where a document has several: the framework would run the first."""

    def on_validate(self) -> Iterator[None]:
        """After the cache of validations has spoken, before execution."""
        context = self.execution_context
        document, named = context.graphql_document, context._provided_operation_name  # noqa: SLF001 - elsewhere it gives the first one's name
        operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)] if document else []
        if len(operations) > 1 and named is None and not context.pre_execution_errors:
            context.pre_execution_errors = [GraphQLError("Must provide operation name if query contains multiple operations.")]
        yield


def make_schema() -> Schema:
    """The gateway's schema, built from the types."""
    schema = Schema(
        query=Query,
        mutation=Mutation,
        types=[CreditNote, Invoice, Account, GeneralProblem, AmountProblem, OutcomeProblem, UnsupportedProblem],
        config=StrawberryConfig(scalar_map=SCALARS),
        extensions=[
            DocumentLimits,
            lambda: ParserCache(maxsize=DOCUMENTS),
            lambda: ValidationCache(maxsize=DOCUMENTS),
            OneOperation,
        ],
    )
    types = schema._schema.type_map  # noqa: SLF001 - the framework shows its core schema nowhere else
    enums.describe(types, {"Provider": provider.VALUES, **provider_options.VALUES})
    return schema


def printed(schema: Schema) -> str:
    """The schema as text, sorted: what `schema.graphql` holds."""
    return print_schema(lexicographic_sort_schema(build_schema(schema.as_str()))) + "\n"
