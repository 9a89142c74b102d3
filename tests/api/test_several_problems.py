"""Several things wrong with one input: each is told by itself, and each is the account's it came from."""

from __future__ import annotations

from app.api.problems import problems
from app.domain.errors import GatewayError, InvalidInput, InvalidInputs, NotFound, Unsupported
from app.domain.vocabulary import ErrorCode


def several(*errors: GatewayError) -> InvalidInputs:
    found = InvalidInputs(errors)
    found.account = "acme-eu"
    return found


def test_every_one_of_several_problems_says_whose_it_is() -> None:
    shown = problems([several(InvalidInput("too long", path=("reasonText",)), Unsupported("not here", path=("number",)))])
    assert [(one.code, one.path, one.account) for one in shown] == [
        (ErrorCode.INVALID_INPUT, ["reasonText"], "acme-eu"),
        (ErrorCode.UNSUPPORTED, ["number"], "acme-eu"),
    ]


def test_a_problem_that_knows_its_own_account_keeps_it() -> None:
    (shown,) = problems([several(NotFound("no such note", account="acme-us"))])
    assert shown.account == "acme-us"
