"""The arguments of an operation as they were given, with its variables put in, before any of them is turned into a value of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from graphql import (
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    VariableNode,
    get_nullable_type,
)

MEMBER = 2
"""What it takes to look for a member of an object, and to make it."""


class Arguments:
    """Looks into arguments. A variable is counted once, however often it is used."""

    def __init__(self, variables: Mapping[str, object]) -> None:
        self._variables = variables
        self._sizes: dict[str, int] = {}

    def value(self, given: object) -> Any:
        """What stands there; the members of a list or of an object may be nodes still."""
        match given:
            case VariableNode():
                return self._variables.get(given.name.value)
            case IntValueNode():
                return int(given.value)
            case ListValueNode():
                return given.values
            case ObjectValueNode():
                return {field.name.value: field.value for field in given.fields}
            case NullValueNode():
                return None
        return given

    def length(self, given: object) -> int:
        """How many members a list has. Anything else stands for a list of one."""
        value = self.value(given)
        return len(value) if isinstance(value, (list, tuple)) else 1

    def member(self, given: object, name: str) -> object:
        """A member of an object; None where there is none."""
        value = self.value(given)
        return value.get(name) if isinstance(value, Mapping) else None

    def size(self, given: object, type: GraphQLInputType) -> int:
        """How many values it takes to read it: an object takes some for each member it may have, given or not."""
        if isinstance(given, VariableNode):
            name = given.name.value
            if name not in self._sizes:
                self._sizes[name] = self.size(self._variables.get(name), type)
            return self._sizes[name]
        value, type = self.value(given), cast("GraphQLInputType", get_nullable_type(type))
        if value is None:
            return 0
        if isinstance(type, GraphQLList):
            members = value if isinstance(value, (list, tuple)) else (value,)
            return sum(self.size(member, type.of_type) for member in members)
        if isinstance(type, GraphQLInputObjectType) and isinstance(value, Mapping):
            known = [(value.get(name), field.type) for name, field in type.fields.items()]
            return MEMBER * len(known) + sum(self.size(member, member_type) for member, member_type in known)
        return 1
