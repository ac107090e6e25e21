"""The legacy Redis: connecting to it, and saying in one line what is wrong when that fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from configedge.migrate.harvest import SourceError

if TYPE_CHECKING:
    from redis import Redis

_TIMEOUT_S = 10.0


class Legacy:
    """A connection pool to one Redis. Raises SourceError for a URL that cannot be used; connects later."""

    def __init__(self, url: str) -> None:
        try:
            import redis
        except ImportError:
            raise SourceError("the package redis is missing: pip install 'configedge[migrate]'") from None
        # A message about a URL must not repeat it: a password that is not quoted can be in any part.
        try:
            parts = urlsplit(url)
            local = parts.scheme == "unix"
            usable = parts.path if local else parts.scheme in ("redis", "rediss") and parts.hostname
            self.name = f"unix://{parts.path}" if local else f"{parts.hostname}:{parts.port or 6379}{parts.path}"
        except ValueError:
            usable = None
        if not usable:
            hint = "give redis://HOST:PORT/DB, rediss://... or unix:///PATH, with a password percent-encoded"
            raise SourceError(f"that is no URL of a Redis; {hint}")
        self.errors: tuple[type[Exception], ...] = (redis.RedisError, OSError)
        try:
            self.redis: Redis = redis.Redis.from_url(
                url,
                socket_timeout=_TIMEOUT_S,
                socket_connect_timeout=_TIMEOUT_S,
                decode_responses=False,
                # What every server speaks, however old.
                protocol=2,
            )
            # Unknown options would come to light at the first use only.
            self.redis.connection_pool.connection_class(**self.redis.connection_pool.connection_kwargs)
        except (ValueError, TypeError):
            raise SourceError(f"the URL of the Redis at {self.name} has an unusable option") from None

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Raises SourceError for what Redis, or the way to it, refuses."""
        try:
            yield
        except self.errors as error:
            raise SourceError(f"Redis at {self.name}: {self.why(error)}") from None

    def why(self, error: Exception) -> str:
        """An error in one line. Redis's own words name commands and limits, and no values."""
        return str(error).partition("\n")[0][:200] or type(error).__name__

    def pipeline(self, transaction: bool = False) -> Any:
        """Its own types say what any command may give, not what these do."""
        return self.redis.pipeline(transaction=transaction)

    def close(self) -> None:
        self.redis.close()
