"""Credit Notes: one GraphQL API over the credit notes of many billing providers."""

__version__ = "0.1.0"
