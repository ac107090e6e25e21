"""Why a request is not taken."""

from __future__ import annotations

from matchmaker.core.ticket import Ticket


class Refused(Exception):
    """`field` names what in the request is to blame, `hint` what to do about it."""

    def __init__(self, message: str, field: str, hint: str) -> None:
        super().__init__(message)
        self.field = field
        self.hint = hint


class Busy(Refused):
    """Not now. `retry_after_s` says when to try again, if that is known here."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message, "", "try again later")
        self.retry_after_s = retry_after_s


class TooMany(Busy):
    """This player asks too often."""


class Conflict(Refused):
    """The idempotency key was used for another request."""

    def __init__(self) -> None:
        super().__init__("the key was used for another request", "key", "use a new key for each ticket")


class AlreadyQueued(Exception):
    """A player of the request waits already, in `ticket`."""

    def __init__(self, ticket: Ticket) -> None:
        super().__init__(f"{ticket.id:x}")
        self.ticket = ticket
