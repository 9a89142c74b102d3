"""The providers' cases: one line each, as in `app.providers`."""

from __future__ import annotations

from tests.providers.case import ProviderCase
from tests.providers.chargebee.case import CASE as CHARGEBEE
from tests.providers.vcita.case import CASE as VCITA
from tests.providers.zenskar.case import CASE as ZENSKAR

CASES: tuple[ProviderCase, ...] = (CHARGEBEE, VCITA, ZENSKAR)
