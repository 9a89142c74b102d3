"""Tells of every operation as it ends: its type, whether it failed, and its name only where the operator trusts the document."""

from __future__ import annotations

from collections.abc import Iterator

from graphql import OperationDefinitionNode
from strawberry.extensions import SchemaExtension

from app import telemetry

_UNTRUSTED, _UNNAMED = "untrusted", "unnamed"


class Observed(SchemaExtension):
    """Stands around everything else that is done for an operation."""

    def on_operation(self) -> Iterator[None]:
        """From before the document is parsed until the last answer."""
        with telemetry.operation() as told:
            is_refused = False
            try:
                yield
            except Exception:
                is_refused = True
                raise
            finally:
                found = self._operation()
                if found is not None:
                    told.type = found.operation.value
                told.name = self._name(found)
                told.outcome = "refused" if is_refused else self._outcome()

    def _operation(self) -> OperationDefinitionNode | None:
        context = self.execution_context
        definitions = context.graphql_document.definitions if context.graphql_document else ()
        wanted = context._provided_operation_name  # noqa: SLF001 - elsewhere the framework gives the first one's name
        operations = [node for node in definitions if isinstance(node, OperationDefinitionNode)]
        return next((node for node in operations if wanted is None or (node.name and node.name.value == wanted)), None)

    def _name(self, operation: OperationDefinitionNode | None) -> str:
        """Clients could make up any number of others."""
        trusted: frozenset[str] = getattr(self.execution_context.context, "trusted", frozenset())
        if operation is None or self.execution_context.query not in trusted:
            return _UNTRUSTED
        return operation.name.value if operation.name else _UNNAMED

    def _outcome(self) -> str:
        context = self.execution_context
        if context.pre_execution_errors:
            return "refused"
        if context.result is None:
            return "cancelled"
        return "errors" if context.result.errors else "ok"
