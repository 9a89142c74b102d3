"""The application itself: accounts, reads, the cache, writes and their ledger. Knows no provider by name and no GraphQL."""
