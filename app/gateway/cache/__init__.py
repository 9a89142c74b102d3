"""Results kept for a while, per tenant and account: fresh, then stale and refreshed behind the answer, then gone. Fails open.

Nothing read before a write is believed once that write was answered, in any process.
"""

from app.gateway.cache.entities import EntityCache
from app.gateway.cache.epochs import begin_epoch
from app.gateway.cache.invalidation import listening
from app.gateway.cache.memory import Memory
from app.gateway.cache.values import Fetched, Freshness, Windows

__all__ = ["EntityCache", "Fetched", "Freshness", "Memory", "Windows", "begin_epoch", "listening"]
