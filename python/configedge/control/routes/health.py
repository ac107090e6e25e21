"""Is it alive, does it work, and its figures."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import PlainTextResponse, Response

from configedge.bundle import Problem
from configedge.control import models
from configedge.control.problems import ApiError
from configedge.control.routes.common import PROBLEM, Who, answers, respond
from configedge.control.service import Service

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Is it alive?", responses=answers(models.Health, "It answers."))
async def healthz() -> Response:
    """Touches nothing but the process."""
    return respond({"status": "ok"})


@router.get("/readyz", summary="Does it work?", responses=answers(models.Health, "It works."))
async def readyz(request: Request) -> Response:
    """Reads the tip of the repository, and asks what else runs in the process."""
    service = Service.of(request)
    commit = await service.read(service.store.tip)
    checks = {name: check() for name, check in service.checks.items()}
    problems = [
        Problem.of("not-ready", said, "see the log", key=name) for name, said in checks.items() if said is not None
    ]
    if problems:
        raise ApiError(503, "not-ready", "; ".join(map(str, problems)), problems)
    return respond({"status": "ok", "commit": commit, "checks": dict.fromkeys(checks, "ok")})


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=PlainTextResponse,
    responses={200: {"description": "Text.", "content": {"text/plain": {"schema": {"type": "string"}}}}, **PROBLEM},
)
async def metrics(request: Request, who: Who) -> Response:
    """No name of a bundle and no value is in them."""
    service = Service.of(request)
    text, kind = await service.read(service.metrics.render, request.headers.get("accept", ""))
    return Response(text, media_type=kind)
