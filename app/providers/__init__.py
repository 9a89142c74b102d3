"""The providers: one folder each, one line each here."""
