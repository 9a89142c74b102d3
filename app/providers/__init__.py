"""The providers: one folder each, one line each here."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from app.providers import chargebee, vcita, zenskar
from app.providers.contract import ProviderSpec

PROVIDERS: Mapping[str, ProviderSpec] = MappingProxyType({spec.name: spec for spec in (chargebee.SPEC, vcita.SPEC, zenskar.SPEC)})
