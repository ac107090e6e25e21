"""What identity and access raise."""

from __future__ import annotations


class AccessError(Exception):
    """A file that says who may do what cannot be used. One line: the file, the place in it, what to do."""


class NoSuchToken(LookupError):
    """No live token has this id."""


class Unauthenticated(Exception):
    """Nobody is known by what a request brought.

    The text says why, for audit and log only: the caller is told that valid credentials are needed, and no more. It
    has nothing of the credential in it.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.noted = True
        """False while failures come so fast that writing each down would fill the disk: skip audit and log for it."""
        self.skipped = 0
        """How many failures before this one were not noted; to be written down with it."""
