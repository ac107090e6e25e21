"""Editing a document: checked while it is typed, looked at before it is committed, never written over a colleague's."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from fastapi import APIRouter
from starlette.responses import Response

from configedge import _core
from configedge.bundle import API_VERSION, KIND, BundleError, BundlePath, Problem, dump_json, load_json, to_yaml
from configedge.control import diff
from configedge.control.archive import NotFound
from configedge.control.auth import Principal, Verb
from configedge.control.changes import Put
from configedge.control.dashboard.preview import Document, Preview
from configedge.control.dashboard.web import PageRoute, Posting, Visiting, Visitor, answer, bundle_path, bundle_url
from configedge.control.problems import ApiError
from configedge.control.service import Service
from configedge.control.store import Precondition, Stale
from configedge.lines import line_of
from configedge.merge import merge

router = APIRouter(route_class=PageRoute)

_FILE: Final = "bundle.yaml"
_NEEDED: Final[dict[str, type]] = {"bundle": str, "text": str}
_MORE: Final[dict[str, type]] = {"etag": str, "revive": bool, "message": str, "propose": bool, "key": str}


@router.get("/ui/edit")
async def edit(
    visit: Visiting, bundle: str = "", namespace: str = "", name: str = "", environment: str = "", region: str = ""
) -> Response:
    """`bundle` is as `str(BundlePath)`; or its parts, as the form for a new one has them."""
    if not bundle and not name:
        return visit.page("new.html", namespace=namespace)
    layer = ".".join(part for part in (environment, region) if part)
    path = bundle_path(bundle) if bundle else BundlePath(namespace, name, layer)
    if region and not environment:
        raise ApiError(422, "parameter", "a region is one of an environment; give the environment too")

    def look(who: Principal) -> Document:
        start = _start(visit.service, who, path)
        return start | {"may_write": who.may(Verb.write, path), "secret": _has_secrets(start["document"])}

    return visit.page("edit.html", bundle=path, **await visit.ask(look))


@router.post("/ui/check")
async def check(post: Posting) -> Response:
    """What a text would come to. Never a commit; needs no right but to read."""
    sent = post.json(_NEEDED, _MORE)
    path = bundle_path(sent["bundle"])
    ask = post.asked(dry_run=True, revive=sent.get("revive", False))
    service = post.service

    def look(_: Principal) -> Document:
        try:
            document = _parsed(sent["text"])
            operation = Put(path, _precondition(sent), dump_json(document))
            return service.writing.change(ask, [operation], Verb.read)
        except BundleError as error:
            return {"problems": [problem.as_dict() for problem in _placed(error.problems, sent["text"])]}
        except Stale:
            return {"stale": True}

    done = await post.plan(look)
    if "problems" in done:
        return answer({"problems": done["problems"]})
    if "stale" in done:
        return answer({"stale": await _stale(post, path, sent)})
    preview = Preview.of(done)
    return answer(
        {
            "html": post.part("preview.html", preview=preview, only_would=True),
            "changed": preview.changed,
            "dangers": preview.dangers,
            "needs_approvals": done["needs_approvals"],
            "problems": [],
        }
    )


@router.post("/ui/commit")
async def commit(post: Posting) -> Response:
    """Commits a text on the version that it was made on, or proposes it."""
    sent = post.json(_NEEDED, _MORE)
    path = bundle_path(sent["bundle"])
    ask = post.asked(sent.get("message", ""), revive=sent.get("revive", False), key=sent.get("key", ""), body=post.body)
    service, propose = post.service, sent.get("propose", False)

    def work() -> Document:
        operation = Put(path, _precondition(sent), dump_json(_parsed(sent["text"])))
        if propose:
            return service.proposals.propose(ask, [operation])
        return service.writing.change(ask, [operation])

    try:
        done = await post.act("propose" if propose else "put", str(path), work)
    except BundleError as error:
        return answer({"problems": [problem.as_dict() for problem in _placed(error.problems, sent["text"])]}, 422)
    except Stale:
        return answer({"stale": await _stale(post, path, sent)}, 412)
    if propose:
        post.told(done)
        return answer({"to": f"/ui/proposals/{done['id']}?said=proposed"})
    said = "committed" if done["changed"] else "unchanged"
    return answer({"to": bundle_url(path, said=said), "commit": done["commit"]})


def _start(service: Service, who: Principal, path: BundlePath) -> Document:
    """What somebody starts from."""
    try:
        found = service.reading.document(who, path, None)
    except NotFound:
        document = {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "metadata": {"name": path.name, "namespace": path.namespace},
            "spec": {"values": {}},
        }
        return {"etag": None, "document": document, "text": to_yaml(document).decode(), "problems": []}
    document = found["document"]
    text = to_yaml(document).decode() if document is not None else found["text"]
    return {"etag": found["etag"], "document": document, "text": text, "problems": found["problems"]}


def _has_secrets(document: Document | None) -> bool:
    return bool(document and (document["metadata"].get("annotations") or {}).get(diff.SECRET_ANNOTATION))


def _parsed(text: str) -> Document:
    """The document that a text is. Raises BundleError with the lines of what is wrong."""
    try:
        raw = text.encode()
    except UnicodeError:
        raise BundleError([Problem.of("utf-8", "half of a surrogate pair", "remove it", file=_FILE)]) from None
    # YAML takes JSON too, but not the escapes of characters beyond the first 65,536 that JSON writers make.
    checked = _core.check_bundle(raw, "bundle.json") if text.lstrip().startswith("{") else None
    if checked is None or checked.document is None:
        checked = _core.check_bundle(raw, _FILE)
    if checked.problems:
        raise BundleError(Problem(**told) for told in checked.problems)
    assert checked.document is not None, "a document that cannot be read has a problem"
    document: Document = load_json(checked.document, _FILE)
    return document


def _placed(problems: tuple[Problem, ...], text: str) -> list[Problem]:
    """With the lines of the text: a check of what it comes to knows the keys alone."""
    return [
        problem if problem.file in (_FILE, "bundle.json") else replace(problem, line=line_of(text, problem.key))
        for problem in problems
    ]


def _precondition(sent: Document) -> Precondition:
    etag = sent.get("etag", "")
    return Precondition(frozenset({etag})) if etag else Precondition(absent=True)


async def _stale(post: Visitor, path: BundlePath, sent: Document) -> Document:
    """What a colleague made of the document meanwhile, beside what was typed, both from where they began."""
    service = post.service

    def look(who: Principal) -> Document:
        theirs = _start(service, who, path)
        made = service.reading.history(who, path, 1, None)["items"]
        base = _base(service, who, path, sent.get("etag", ""))
        mine = _maybe_parsed(sent["text"])
        values: dict[str, Any] = {"theirs": None, "mine": None, "merged": None, "conflicts": []}
        if theirs["document"] is not None:
            # None was there at all: then everything is theirs.
            values["theirs"] = [change.as_dict() for change in diff.key_changes(base, theirs["document"])]
        if mine is not None:
            values["mine"] = [change.as_dict() for change in diff.key_changes(base, mine)]
        if mine is not None and theirs["document"] is not None:
            merged, values["conflicts"] = merge(base or {}, mine, theirs["document"])
            values["merged"] = to_yaml(merged).decode()
        return values | {"by": made[0] if made else None, "etag": theirs["etag"], "text": theirs["text"]}

    found = await post.ask(look)
    panel = post.part("stale.html", bundle=path, **found)
    return {"html": panel, "etag": found["etag"] or "", "text": found["text"], "merged": found["merged"]}


def _base(service: Service, who: Principal, path: BundlePath, etag: str) -> Document | None:
    """The document of the version that an edit began with, from the history."""
    cursor: str | None = None
    for _ in range(5):
        page = service.reading.history(who, path, 20, cursor)
        for item in page["items"]:
            try:
                found = service.reading.document(who, path, item["commit"])
            except NotFound:
                continue
            if found["etag"] == etag:
                document: Document | None = found["document"]
                return document
        if (cursor := page["next"]) is None:
            break
    return None


def _maybe_parsed(text: str) -> Document | None:
    try:
        return _parsed(text)
    except BundleError:
        return None
