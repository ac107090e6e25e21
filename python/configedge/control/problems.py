"""Errors as RFC 9457 problem details: one shape for everything that the API refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus

import pygit2
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from configedge.bundle import BundleError, Problem, dump_json
from configedge.control.archive import NotFound, StoreError, Unwritable
from configedge.control.auth import AccessError
from configedge.control.changes import BrokenInGit, Conflict
from configedge.control.fairness import Crowded
from configedge.control.fleet import FleetUnavailable
from configedge.control.idempotency import KeyReused
from configedge.control.layout import LayoutError
from configedge.control.proposals import NotAllowed
from configedge.control.rates import TooOften
from configedge.control.reading import Forbidden
from configedge.control.remote import Unreachable
from configedge.control.service import Busy
from configedge.control.store import Full, Stale
from configedge.control.tips import TooMany
from configedge.control.writing import ApprovalRequired

FORESEEN = (
    AccessError,
    ApprovalRequired,
    BundleError,
    Busy,
    Crowded,
    FleetUnavailable,
    Forbidden,
    HTTPException,
    KeyReused,
    LayoutError,
    RequestValidationError,
    StoreError,
    TooMany,
    TooOften,
    Unreachable,
    pygit2.GitError,
)
MEDIA_TYPE = "application/problem+json"


class ApiError(Exception):
    """A request that is refused. `code` names the kind of problem in the `type` URI."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        problems: Iterable[Problem] = (),
        headers: Mapping[str, str] | None = None,
        **members: str | None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.problems = tuple(problems)
        self.headers = dict(headers or {})
        self.members = members

    def response(self, request_id: str) -> Response:
        body = {
            "type": f"urn:configedge:problem:{self.code}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            "request_id": request_id,
            **self.members,
            "problems": [problem.as_dict() for problem in self.problems],
        }
        return Response(dump_json(body), self.status, self.headers, MEDIA_TYPE)


def as_api_error(error: Exception) -> ApiError | None:
    """What the API answers to an exception; None for one that nobody foresaw."""
    match error:
        case ApiError():
            return error
        case BundleError():
            # Text that is no document at all is a bad request; one that breaks a rule is understood and refused.
            syntax = all(problem.code in ("json-syntax", "utf-8") for problem in error.problems)
            first = str(error.problems[0])
            more = f" (and {len(error.problems) - 1} more)" if len(error.problems) > 1 else ""
            return ApiError(400 if syntax else 422, error.problems[0].code, first + more, error.problems)
        case Stale():
            hint = "read it again and repeat your change on what is there now"
            headers = {"ETag": f'"{error.etag}"'} if error.etag else {}
            return ApiError(412, "stale", f"{error}; {hint}", headers=headers, etag=error.etag)
        case NotFound():
            return ApiError(404, "not-found", str(error))
        case Forbidden():
            return ApiError(403, "forbidden", f"{error}; ask an admin for a grant")
        case ApprovalRequired():
            return ApiError(403, "approval-required", str(error))
        case KeyReused():
            return ApiError(422, "idempotency", str(error))
        case BrokenInGit():
            return ApiError(409, "broken", str(error), error.problems)
        case Conflict() | NotAllowed():
            return ApiError(409, "conflict", str(error))
        case Unreachable():
            return ApiError(503, "remote", str(error), headers={"Retry-After": "1"})
        case FleetUnavailable():
            return ApiError(503, "fleet", str(error), headers={"Retry-After": "5"})
        case AccessError():
            return ApiError(503, "access", "tokens cannot be used now; the log and /readyz say why")
        case Busy() | TooMany():
            return ApiError(503, "busy", str(error), headers={"Retry-After": "1"})
        case TooOften():
            return ApiError(429, "rate", str(error), headers={"Retry-After": str(error.retry_after_s)})
        case Crowded():
            return ApiError(429, "crowded", str(error), headers={"Retry-After": str(error.retry_after_s)})
        case LayoutError():
            return ApiError(409, "layout", str(error))
        case Full():
            return ApiError(507, "full", str(error))
        case Unwritable():
            return ApiError(503, "unwritable", str(error), headers={"Retry-After": "1"})
        case pygit2.GitError():
            detail = f"the repository cannot be read ({error}); its log and `git fsck` tell more"
            return ApiError(503, "unreadable", detail, headers={"Retry-After": "1"})
        case RequestValidationError():
            problems = [_parameter(part) for part in error.errors()]
            return ApiError(422, "parameter", "; ".join(str(problem) for problem in problems), problems)
        case HTTPException(status_code=404):
            return ApiError(404, "not-found", "there is nothing at this path; /docs lists what there is")
        case HTTPException(status_code=405):
            allowed = (error.headers or {}).get("Allow", "")
            return ApiError(405, "method", f"this path takes {allowed or 'another method'}", headers=error.headers)
        case HTTPException():
            return ApiError(error.status_code, "http", str(error.detail), headers=error.headers)
    return None


def _parameter(part: Mapping[str, object]) -> Problem:
    where = part.get("loc", ())
    key = ".".join(map(str, where)) if isinstance(where, tuple | list) else str(where)
    return Problem.of("parameter", str(part.get("msg", "is not valid")), "see /docs for what it takes", key=key)
