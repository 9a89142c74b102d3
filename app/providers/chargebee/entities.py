"""What the lines asked for stand for in the site's product catalogue (docs: Create a credit note, `line_items[entity_type]`)."""

from __future__ import annotations

from collections.abc import Iterator

from app.domain.commands import CreditLines
from app.domain.errors import GatewayError, InvalidInput
from app.providers.chargebee.issue import Issue
from app.providers.chargebee.texts import is_whole

# Both generations of the catalogue: 2.0 knows item prices, 1.0 plans and addons.
ENTITY_TYPES = frozenset(
    {"adhoc", "plan_item_price", "addon_item_price", "charge_item_price", "plan_setup", "plan", "addon"},
)
LONGEST_ENTITY_ID = 100
_PATH = ("options", "chargebee", "entityTypes")


def entity_problems(issue: Issue) -> Iterator[GatewayError]:
    """What of the entities asked for fits no line, or is not valid."""
    credit = issue.command.credit
    count = len(credit.lines) if isinstance(credit, CreditLines) else 0
    seen: set[int] = set()
    for index, entity in enumerate(issue.options.entity_types):
        path = (*_PATH, str(index))
        if not 0 <= entity.line_index < count:
            yield InvalidInput(f"there is no line {entity.line_index} among the {count} asked for", path=(*path, "lineIndex"))
        if entity.line_index in seen:
            yield InvalidInput(f"line {entity.line_index} is named twice", path=(*path, "lineIndex"))
        if entity.entity_type not in ENTITY_TYPES:
            yield InvalidInput(f"entityType is one of {', '.join(sorted(ENTITY_TYPES))}", path=(*path, "entityType"))
        if entity.entity_id is not None and not _is_entity_id(entity.entity_id):
            yield InvalidInput(f"entityId has 1 to {LONGEST_ENTITY_ID} characters", path=(*path, "entityId"))
        seen.add(entity.line_index)


def entity_columns(issue: Issue, index: int) -> Iterator[tuple[str, str]]:
    """The columns of one line, given that there are no problems."""
    for entity in issue.options.entity_types:
        if entity.line_index == index:
            yield "entity_type", entity.entity_type
            if entity.entity_id is not None:
                yield "entity_id", entity.entity_id


def _is_entity_id(id: str) -> bool:
    return 0 < len(id) <= LONGEST_ENTITY_ID and is_whole(id)
