"""Chargebee's API v2 for credit notes and the invoices behind them, with real books; written from what Chargebee publishes."""

from app.sandbox.chargebee.site import ChargebeeSandbox

__all__ = ["ChargebeeSandbox"]
