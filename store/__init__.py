"""The memory: one SQLite file. `Store` opens it; each module holds one group of tables and plain functions on them,
sorted by subject as everywhere: acting, sharing, money, measuring; what belongs to all stays at the top.

Functions take a connection: `store.reading()` for looking, the one that `store.writing()` yields for changing.
"""

from store.database import Store
from store.lock import Locked, ProcessLock

__all__ = ["Locked", "ProcessLock", "Store"]
