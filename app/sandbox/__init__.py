"""The providers' side of the wire, implemented: real books, real rules, real sockets, written from each provider's published facts.

Nothing here may import an adapter: a misreading of a provider has to show as a failure, not cancel out.
"""
