"""What a credit note is, in our own words. Imports the standard library only (and `iso4217` for exponents)."""
