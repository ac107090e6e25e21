"""Changes that wait for a second person."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query, Request
from starlette.responses import Response

from configedge.control import models
from configedge.control.events import Event
from configedge.control.proposals import called
from configedge.control.requests import JSON, read_json
from configedge.control.routes.common import DryRun, Revive, Who, answers, asked, make_router, respond, takes
from configedge.control.service import Service
from configedge.control.sets import MAX_SET, change_set, members

router = make_router("proposals")

_ONE = "/v1/proposals/{id}"
Shown = Annotated[Literal["open", "all"], Query(description="Only those that are open, or all.")]


@router.post(
    "/v1/proposals",
    status_code=201,
    summary="Propose a change",
    responses=answers(models.Proposal, "It waits for approval.", 201),
    openapi_extra=takes((JSON, models.ref(models.ChangeSet), models.EXAMPLE_CHANGES)),
)
async def propose(request: Request, who: Who, dry_run: DryRun = False, revive: Revive = False) -> Response:
    """As a change set, checked now and again when it is approved."""
    body, sent = await read_json(request, MAX_SET)
    message, operations = change_set(sent)
    ask = asked(request, who, body, note=message, dry_run=dry_run, revive=revive)
    service = Service.of(request)
    target = ", ".join(str(operation.path) for operation in operations)

    def work() -> dict[str, Any]:
        return service.proposals.propose(ask, operations) | {"dry_run": dry_run}

    done = await service.act(who, ask.request_id, "propose", target, work, trial=dry_run)
    _tell(service, done)
    return respond(done, status=201)


@router.get("/v1/proposals", summary="List proposals", responses=answers(models.ProposalList, "The newest first."))
async def list_proposals(request: Request, who: Who, state: Shown = "open") -> Response:
    """Those of which you may read every document."""
    service = Service.of(request)
    return respond(await service.ask(who, request.state.request_id, service.proposals.listed, state == "open"))


@router.get(_ONE, summary="Read a proposal", responses=answers(models.Proposal, "With what it would do now."))
async def get_proposal(request: Request, who: Who, id: str) -> Response:
    """What it would change on nodes if it were committed now, and whether it still can be."""
    service = Service.of(request)
    return respond(await service.ask_planner(who, request.state.request_id, service.proposals.get, id))


@router.post(
    _ONE + "/approve",
    summary="Approve a proposal",
    responses=answers(models.Proposal, "Approved; committed if that was the last approval needed."),
    openapi_extra=takes((JSON, models.ref(models.Approval), {"digest": "0" * 64})),
)
async def approve(request: Request, who: Who, id: str, dry_run: DryRun = False) -> Response:
    """Of exactly what you saw: send its digest. Nobody approves of a change of their own."""
    body, sent = await read_json(request)
    digest = members(sent, {"digest": str}, {})["digest"]
    ask = asked(request, who, body, dry_run=dry_run)
    service = Service.of(request)
    return await _end(service, ask, "approve", id, lambda: service.proposals.approve(ask, id, digest))


@router.post(
    _ONE + "/reject",
    summary="Reject a proposal",
    responses=answers(models.Proposal, "It is closed."),
    openapi_extra=takes((JSON, models.ref(models.Rejection), {"reason": "not on a Friday"})),
)
async def reject(request: Request, who: Who, id: str, dry_run: DryRun = False) -> Response:
    """For those who could approve it."""
    body, sent = await read_json(request)
    reason = members(sent, {}, {"reason": str}).get("reason", "")
    ask = asked(request, who, body, dry_run=dry_run)
    service = Service.of(request)
    return await _end(service, ask, "reject", id, lambda: service.proposals.reject(ask, id, reason[:2000]))


@router.post(_ONE + "/withdraw", summary="Withdraw a proposal", responses=answers(models.Proposal, "It is closed."))
async def withdraw(request: Request, who: Who, id: str, dry_run: DryRun = False) -> Response:
    """For its author. Takes no body."""
    ask = asked(request, who, b"", dry_run=dry_run)
    service = Service.of(request)
    return await _end(service, ask, "withdraw", id, lambda: service.proposals.withdraw(ask, id))


async def _end(service: Service, ask: Any, action: str, id: str, work: Any) -> Response:
    done = await service.act(ask.who, ask.request_id, action, called(id), lambda: work() | {"dry_run": ask.dry_run})
    _tell(service, done)
    return respond(done)


def _tell(service: Service, done: dict[str, Any]) -> None:
    if not done.pop("dry_run"):
        service.events.tell(Event("proposal", {"id": done["id"], "state": done["state"]}, about=done["bundles"]))
