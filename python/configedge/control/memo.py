"""What was worked out before, by what it was worked out from; bounded by size, whatever comes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(Generic[K, V]):
    """Keeps what was used last, as long as all of it has at most `most` bytes. Thread-safe."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._lock = threading.Lock()
        self._kept: OrderedDict[K, tuple[V, int]] = OrderedDict()

    def get(self, key: K) -> V | None:
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def keep(self, key: K, value: V, size: int) -> None:
        """`size` is about how many bytes of memory it takes. What is too large for all of it is not kept."""
        with self._lock:
            if (old := self._kept.pop(key, None)) is not None:
                self._size -= old[1]
            self._kept[key] = (value, size)
            self._size += size
            while self._size > self._most:
                self._size -= self._kept.popitem(last=False)[1][1]
