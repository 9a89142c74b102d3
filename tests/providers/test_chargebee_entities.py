"""What the lines asked for at Chargebee stand for in the site's product catalogue."""

from __future__ import annotations

import pytest

from app.domain.commands import CreditLine, CreditLines
from app.domain.errors import InvalidInput, Path
from app.providers.chargebee.options import ChargebeeLineEntity, ChargebeeOptions
from tests.providers.chargebee import bill, command, form, money, planned, total

LINES = CreditLines(lines=(CreditLine(amount=money(1)), CreditLine(amount=money(2))))


def test_lines_may_stand_for_things_in_the_catalogue() -> None:
    entities = (
        ChargebeeLineEntity(line_index=1, entity_type="plan_item_price", entity_id="team-EUR"),
        ChargebeeLineEntity(line_index=0, entity_type="adhoc"),
    )
    sent = form(planned(command(LINES, options=ChargebeeOptions(entity_types=entities)), bill(1_00, 0)))
    assert {name: value for name, value in sent.items() if "entity" in name} == {
        "line_items[entity_type][0]": "adhoc",
        "line_items[entity_type][1]": "plan_item_price",
        "line_items[entity_id][1]": "team-EUR",
    }


@pytest.mark.parametrize(
    ("entities", "path"),
    [
        ([ChargebeeLineEntity(line_index=2, entity_type="adhoc")], ("0", "lineIndex")),
        ([ChargebeeLineEntity(line_index=-1, entity_type="adhoc")], ("0", "lineIndex")),
        ([ChargebeeLineEntity(line_index=0, entity_type="adhoc")] * 2, ("1", "lineIndex")),
        ([ChargebeeLineEntity(line_index=0, entity_type="gift")], ("0", "entityType")),
        ([ChargebeeLineEntity(line_index=0, entity_type="plan", entity_id="x" * 101)], ("0", "entityId")),
        ([ChargebeeLineEntity(line_index=0, entity_type="plan", entity_id="")], ("0", "entityId")),
    ],
)
def test_an_entity_that_fits_no_line_is_invalid(entities: list[ChargebeeLineEntity], path: Path) -> None:
    with pytest.raises(InvalidInput) as caught:
        planned(command(LINES, options=ChargebeeOptions(entity_types=tuple(entities))), bill(1_00, 0))
    assert caught.value.path == ("options", "chargebee", "entityTypes", *path)


def test_an_entity_without_line_items_is_invalid() -> None:
    options = ChargebeeOptions(entity_types=(ChargebeeLineEntity(line_index=0, entity_type="adhoc"),))
    with pytest.raises(InvalidInput) as caught:
        planned(command(total(1), options=options), bill(1_00, 0))
    assert caught.value.path == ("options", "chargebee", "entityTypes", "0", "lineIndex")
