"""Changes that wait for a second person."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from starlette.responses import Response

from configedge.control.auth import Principal, Verb
from configedge.control.dashboard.preview import Document, Preview
from configedge.control.dashboard.web import PageRoute, Posting, Visiting, bundle_path, moved
from configedge.control.proposals import called

router = APIRouter(route_class=PageRoute)


@router.get("/ui/proposals")
async def proposals(visit: Visiting, state: Literal["open", "all"] = "open") -> Response:
    listed = visit.service.proposals.listed
    return visit.page(
        "proposals.html", state=state, items=(await visit.ask(lambda who: listed(who, state == "open")))["items"]
    )


@router.get("/ui/proposals/{id}")
async def proposal(visit: Visiting, id: str) -> Response:
    service = visit.service
    found = await visit.plan(lambda who: service.proposals.get(who, id))
    return visit.page("proposal.html", one=found, preview=Preview.of(found), **_standing(visit.who, found))


@router.post("/ui/proposals/{id}/{verb}")
async def decide(post: Posting, id: str, verb: Literal["approve", "reject", "withdraw"]) -> Response:
    service, ask = post.service, post.asked()

    def work() -> Document:
        match verb:
            case "approve":
                return service.proposals.approve(ask, id, post.form.get("digest", ""))
            case "reject":
                return service.proposals.reject(ask, id, post.form.get("reason", "")[:2000])
        return service.proposals.withdraw(ask, id)

    done = await post.act(verb, called(id), work)
    post.told(done)
    said = {"reject": "rejected", "withdraw": "withdrawn"}.get(verb, "approved")
    return moved(f"/ui/proposals/{id}", "approved-committed" if done["state"] == "committed" else said)


def _standing(who: Principal, found: Document) -> Document:
    """What somebody can do with a proposal."""
    own = found["author"]["subject"] == who.subject
    may = all(who.may(Verb.approve, bundle_path(bundle)) for bundle in found["bundles"])
    approved = any(person["subject"] == who.subject for person in found["approvals"])
    is_open = found["state"] == "open"
    sound = not found["stale"] and not found["problems"]
    return {
        "own": own,
        "may": may,
        "approved": approved,
        "can_approve": is_open and may and not own and not approved and sound,
        "can_reject": is_open and may and not own,
        "can_withdraw": is_open and own,
    }
