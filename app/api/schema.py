"""The schema: types, limits of a document, presentation of errors, and the printed form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import strawberry
from graphql import GraphQLError, build_schema, lexicographic_sort_schema, print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from app.api import enums, provider, provider_options
from app.api.accounts import Account
from app.api.documents import REMEMBERED_CHARACTERS, Checks, Documents
from app.api.errors import present
from app.api.invoices import Invoice
from app.api.mutations import Mutation
from app.api.observed import Observed
from app.api.problems import AmountProblem, GeneralProblem, OutcomeProblem, UnsupportedProblem
from app.api.queries import Query
from app.api.scalars import SCALARS
from app.api.subscriptions import Subscription
from app.api.types import CreditNote


class Schema(strawberry.Schema):
    """Presents every error in one way."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Rewrite them in place."""
        context = None if execution_context is None else execution_context.context
        for error in errors:
            present(error, getattr(context, "request_id", None))


def make_schema(query: type = Query, *, scalars: Mapping[object, Any] = SCALARS) -> Schema:
    """The gateway's schema, built from the types."""
    documents = Documents(REMEMBERED_CHARACTERS)
    schema = Schema(
        query=query,
        mutation=Mutation,
        subscription=Subscription,
        types=[CreditNote, Invoice, Account, GeneralProblem, AmountProblem, OutcomeProblem, UnsupportedProblem],
        config=StrawberryConfig(scalar_map=dict(scalars)),
        extensions=[Observed, lambda: Checks(documents)],
    )
    types = schema._schema.type_map  # noqa: SLF001 - the framework shows its core schema nowhere else
    enums.describe(types, {"Provider": provider.VALUES, **provider_options.VALUES})
    return schema


def printed(schema: Schema) -> str:
    """The schema as text, sorted: what `schema.graphql` holds."""
    return print_schema(lexicographic_sort_schema(build_schema(schema.as_str()))) + "\n"
