"""One bundle: what nodes get, and why."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import APIRouter
from starlette.responses import Response

from configedge.bundle import BundleError, BundlePath
from configedge.control import diff
from configedge.control.archive import NotFound
from configedge.control.auth import Principal, Verb
from configedge.control.dashboard.preview import Document
from configedge.control.dashboard.web import PageRoute, Visiting
from configedge.control.diff import KeyChange, Kind
from configedge.control.layers import chain
from configedge.control.service import Service

router = APIRouter(route_class=PageRoute)

_MOST_KEYS = 1_000
_LAST = 8


@router.get("/ui/bundles/{namespace}/{name}")
async def bundle(
    visit: Visiting,
    namespace: str,
    name: str,
    layer: str = "",
    at: str | None = None,
    q: str = "",
    why: str | None = None,
    show: str = "",
) -> Response:
    """`why` explains a key, `show` shows one that is secret."""
    service, path = visit.service, BundlePath(namespace, name, layer)

    def look(who: Principal) -> Document:
        found = _effective(service, who, path, at)
        wanted = [row for row in found["rows"] if q.lower() in row["key"].lower()]
        overlays = service.reading.overlays(who, path.base, at)["items"]
        layers = [one["layer"] for one in overlays]
        return found | {
            "rows": wanted[:_MOST_KEYS],
            "matching": len(wanted),
            "document": service.reading.document(who, path.base, at),
            "layers": layers if not layer or layer in layers else [*layers, layer],
            "broken_overlays": [one for one in overlays if one["problems"]],
            "why": _explain(service, who, path, why, at, found["effective"]) if why is not None else None,
            "history": _last_changes(service, who, path),
            "tombstones": service.reading.tombstones(who, path.base)["items"],
            "may_write": who.may(Verb.write, path.base),
            "may_write_layer": who.may(Verb.write, path),
        }

    return visit.page("bundle.html", bundle=path, at=at, q=q, show=show, **await visit.ask(look))


def _effective(service: Service, who: Principal, path: BundlePath, at: str | None) -> Document:
    """The keys that nodes of a layer get; what is broken has none."""
    try:
        effective = service.reading.effective(who, path, at)
        items = service.reading.explain(who, path, None, at)["items"]
    except BundleError:
        return {"rows": [], "rendered_from": "", "effective": None}
    except NotFound:
        # Broken in Git from its first commit on: there is a document, and nothing that nodes could get.
        service.reading.document(who, path.base, at)
        return {"rows": [], "rendered_from": "", "effective": None}
    secrets = _secret_keys([item["key"] for item in items], effective["document"])
    rows = [item | {"secret": item["key"] in secrets} for item in items]
    return {"rows": rows, "rendered_from": effective["rendered_from"], "effective": effective["document"]}


def _last_changes(service: Service, who: Principal, path: BundlePath) -> list[Document]:
    """Of every layer that makes up what nodes of this one get, the newest first."""
    found: dict[str, Document] = {}
    for layer in chain(path.layer):
        one = BundlePath(path.namespace, path.name, layer)
        if who.may(Verb.read, one):
            found |= {item["commit"]: item for item in service.reading.history(who, one, _LAST, None)["items"]}
    return sorted(found.values(), key=lambda item: -int(item["time"]))[:_LAST]


def _explain(
    service: Service, who: Principal, path: BundlePath, key: str, at: str | None, effective: Document | None
) -> Document:
    return service.reading.explain(who, path, key[:256], at) | {"secret": bool(_secret_keys([key], effective))}


def _secret_keys(keys: Sequence[str], document: Document | None) -> set[str]:
    """Those of which the values are to be hidden, by the rule that diffs have."""
    changes = [KeyChange(key, Kind.added, None, None, False) for key in keys]
    return {change.key for change in diff.hidden(changes, document) if change.secret}
