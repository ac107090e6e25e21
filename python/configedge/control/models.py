"""The shapes that the API answers with, for its OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

Commit = Annotated[str, Field(pattern="^[0-9a-f]{40}$", examples=["4b825dc642cb6eb9a060e54bf8d69288fbee4904"])]
Etag = Annotated[str, Field(description="The object id of the bundle's text in Git, as in the ETag header.")]
Name = Annotated[str, Field(pattern="^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", max_length=63)]

Layer = Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?)?$")]

EXAMPLE_DOCUMENT: dict[str, Any] = {
    "apiVersion": "configedge.io/v1alpha1",
    "kind": "ConfigBundle",
    "metadata": {"name": "matchmaking", "namespace": "treasure-hunt"},
    "spec": {
        "values": {"max_ping_ms": 80, "regions": {"eu": {"weight": 1.0}}},
        "schema": {"properties": {"max_ping_ms": {"type": "integer", "maximum": 300}}},
    },
}

EXAMPLE_OVERLAY: dict[str, Any] = {
    "apiVersion": "configedge.io/v1alpha1",
    "kind": "ConfigBundle",
    "spec": {"values": {"max_ping_ms": 120}},
}
EXAMPLE_CHANGES: dict[str, Any] = {
    "message": "Widen the windows for the weekend",
    "changes": [
        {
            "bundle": "treasure-hunt/matchmaking",
            "op": "merge",
            "patch": {"spec": {"values": {"max_ping_ms": 90}}},
            "if_match": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
        }
    ],
}
EXAMPLE_ROLLBACK: dict[str, Any] = {"to": "4b825dc642cb6eb9a060e54bf8d69288fbee4904"}
EXAMPLE_EXPORT: dict[str, Any] = {
    "apiVersion": "configedge.io/v1alpha1",
    "kind": "ConfigExport",
    "bundles": [EXAMPLE_DOCUMENT],
    "overlays": [{"layer": "prod", "document": EXAMPLE_OVERLAY}],
}
EXAMPLE_TOKEN: dict[str, Any] = {
    "name": "ci",
    "grants": [{"role": "editor", "namespace": "treasure-hunt"}],
    "expires_in_s": 2_592_000,
}


class Metadata(BaseModel):
    name: Name
    namespace: Name = "default"
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None


class Spec(BaseModel):
    values: dict[str, Any] = Field(description="The configuration.")
    schema_: dict[str, Any] | None = Field(None, alias="schema", description="JSON Schema 2020-12 for `values`.")
    policies: list[str] | None = Field(None, description="Policies that must accept it.")


class ConfigBundle(BaseModel):
    """The document. `metadata.name` and `metadata.namespace` may be left out of a PUT; the path gives them."""

    model_config = {"json_schema_extra": {"examples": [EXAMPLE_DOCUMENT]}}

    apiVersion: str = Field("configedge.io/v1alpha1", json_schema_extra={"const": "configedge.io/v1alpha1"})
    kind: str = Field("ConfigBundle", json_schema_extra={"const": "ConfigBundle"})
    metadata: Metadata | None = None
    spec: Spec


class ProblemItem(BaseModel):
    """One thing that is wrong, and where. Lines and columns count from 1; 0 is unknown."""

    file: str = Field(examples=["body.json"])
    key: str = Field(examples=["spec.values.max_ping_ms"])
    line: int
    column: int
    code: str = Field(examples=["schema"])
    message: str
    hint: str


class ProblemDetails(BaseModel):
    """An RFC 9457 problem."""

    type: str = Field(examples=["urn:configedge:problem:stale"])
    title: str
    status: int
    detail: str
    request_id: str
    etag: str | None = Field(None, description="With 412: what the bundle is now; null if it is not there.")
    problems: list[ProblemItem]


class Named(BaseModel):
    namespace: Name
    name: Name
    layer: Layer = Field(description="Empty: the bundle itself; else `environment` or `environment.region`.")


class DocumentReply(Named):
    etag: Etag
    commit: Commit
    document: ConfigBundle | None = Field(description="null if what is in Git does not pass the checks.")
    problems: list[ProblemItem] = Field(description="Empty unless somebody pushed a broken document.")
    text: str | None = Field(None, description="The broken document as it is in Git.")


class BundleItem(BaseModel):
    namespace: Name
    name: Name
    etag: Etag
    layers: list[Layer] = Field(description="The layers that have an overlay of it.")
    problems: list[ProblemItem]


class BundleList(BaseModel):
    commit: Commit
    items: list[BundleItem]
    next: str | None = Field(description="The cursor of the next page.")


class OverlayItem(BaseModel):
    layer: Layer
    etag: Etag
    document: ConfigBundle | None
    problems: list[ProblemItem]


class OverlayList(BaseModel):
    commit: Commit
    items: list[OverlayItem]


class KeyChange(BaseModel):
    """One key that is different. Arrays are compared whole; an object that comes or goes is one change."""

    key: str = Field(examples=["regions.eu.weight"])
    kind: Literal["added", "removed", "changed"]
    type_changed: bool
    secret: bool = Field(description="It is marked as secret: the values are left out.")
    before: Any = None
    after: Any = None


class NodeChange(BaseModel):
    """What nodes of a layer will see change."""

    layer: Layer
    namespace: Name
    name: Name
    changes: list[KeyChange]


class Effect(Named):
    """What happens to one document."""

    before: Etag | None
    etag: Etag | None = Field(description="null after a deletion.")
    document: ConfigBundle | None
    changed: bool
    warnings: list[ProblemItem] = Field(description="What policies that accept it say of it.")
    changes: list[KeyChange]


class Outcome(BaseModel):
    commit: Commit = Field(description="The new commit; if nothing changed or in a dry run, the tip.")
    changed: bool = Field(description="false if all was already so; nothing is committed then.")
    dry_run: bool
    repeated: bool = Field(description="It is the answer to an earlier request with the same Idempotency-Key.")
    digest: str = Field(description="SHA-256 over what each document is and becomes.")
    nodes: list[NodeChange]
    needs_approvals: int | None = Field(None, description="In a dry run: how many others must approve.")


class WriteReply(Effect, Outcome):
    """A write of one document."""


class ChangeReply(Outcome):
    """A write of several documents."""

    message: str
    effects: list[Effect]
    warnings: list[ProblemItem]


class Operation(BaseModel):
    bundle: str = Field(examples=["treasure-hunt/matchmaking", "treasure-hunt/matchmaking@prod.eu-west-1"])
    op: Literal["put", "merge", "patch", "delete"]
    document: ConfigBundle | None = Field(None, description="With put.")
    patch: Any = Field(None, description="With merge a merge patch (RFC 7396), with patch a JSON patch (RFC 6902).")
    if_match: Etag | None = Field(None, description="What the document is now; null: it must not exist.")


class ChangeSet(BaseModel):
    """Several documents, one commit: all of it or nothing."""

    model_config = {"json_schema_extra": {"examples": [EXAMPLE_CHANGES]}}

    message: str | None = Field(None, max_length=2000)
    changes: list[Operation] = Field(min_length=1, max_length=200)


class RollbackTo(BaseModel):
    model_config = {"json_schema_extra": {"examples": [EXAMPLE_ROLLBACK]}}

    to: Commit
    overlays: bool = Field(True, description="Its overlays too.")


class HistoryItem(BaseModel):
    commit: Commit
    time: int = Field(description="Unix seconds.")
    author: str
    subject: str | None = Field(description="Who it was here, as in token:ci; null for a commit that was pushed.")
    message: str


class History(BaseModel):
    commit: Commit
    items: list[HistoryItem] = Field(description="Newest first; may be fewer than asked for though there is a next.")
    next: str | None


class DiffItem(Named):
    before: Etag | None
    etag: Etag | None
    changes: list[KeyChange]


class Diff(BaseModel):
    from_: Commit = Field(alias="from")
    to: Commit
    items: list[DiffItem]


class Effective(Named):
    rendered_from: Layer = Field(description="The nearest layer that has overlays: where nodes find it in Git.")
    commit: Commit
    values: dict[str, Any] = Field(description="What services read, with what policies derive.")
    document: ConfigBundle


class Origin(BaseModel):
    layer: Layer
    value: Any
    removes: bool
    wins: bool
    commit: Commit | None
    time: int | None
    author: str | None


class Explanation(Named):
    """With a key: `found`, `value`, `type`, `layer_of_value` and `origins`; without: `items`."""

    commit: Commit
    key: str | None = None
    found: bool | None = None
    value: Any = None
    type: str | None = None
    winner: str | None = Field(None, description="The layer that the value is from, or `policy`.")
    origins: list[Origin] | None = None
    items: list[dict[str, Any]] | None = None


class TombstoneItem(BaseModel):
    key: str
    time: int
    by: str
    type: str


class Tombstones(BaseModel):
    items: list[TombstoneItem]


class Export(BaseModel):
    model_config = {"json_schema_extra": {"examples": [EXAMPLE_EXPORT]}}

    apiVersion: Literal["configedge.io/v1alpha1"]
    kind: Literal["ConfigExport"]
    commit: str | None = None
    bundles: list[ConfigBundle]
    overlays: list[dict[str, Any]] = []
    policies: dict[str, str] = Field({}, description="Base64 by file name; not taken by an import.")


class Person(BaseModel):
    subject: str
    name: str
    time: int


class Proposal(BaseModel):
    id: str
    state: Literal["open", "committed", "rejected", "withdrawn"]
    message: str
    author: Person
    time: int
    base: Commit
    digest: str = Field(description="What an approval is of.")
    bundles: list[str]
    approvals: list[Person]
    needed: int
    commit: Commit | None
    reason: str | None
    effects: list[Effect] | None = None
    nodes: list[NodeChange] | None = None
    warnings: list[ProblemItem] | None = None
    stale: bool | None = Field(None, description="What it changes has changed since: propose it again.")
    problems: list[ProblemItem] | None = None


class ProposalList(BaseModel):
    items: list[Proposal]


class Approval(BaseModel):
    model_config = {"json_schema_extra": {"examples": [{"digest": "0" * 64}]}}

    digest: str = Field(pattern="^[0-9a-f]{64}$", description="The digest of what you looked at.")


class Rejection(BaseModel):
    model_config = {"json_schema_extra": {"examples": [{"reason": "not on a Friday"}]}}

    reason: str = Field("", max_length=2000)


class GrantItem(BaseModel):
    role: Literal["viewer", "editor", "approver", "admin", "node"]
    namespace: str = "*"
    prefix: str = Field("", description="How the names of bundles begin.")
    environment: str = "*"


class WhoAmI(BaseModel):
    subject: str
    name: str
    grants: list[GrantItem]


class NewToken(BaseModel):
    model_config = {"json_schema_extra": {"examples": [EXAMPLE_TOKEN]}}

    name: Name
    grants: list[GrantItem] = Field(min_length=1, max_length=100)
    expires_in_s: int = Field(ge=1, le=90 * 86400, description="Seconds; at most 90 days.")


class TokenItem(BaseModel):
    id: str
    name: str
    subject: str
    grants: list[GrantItem]
    created: int
    created_by: str
    expires: int | None
    expired: bool


class TokenMade(TokenItem):
    token: str = Field(description="The secret. It is shown this once.")


class TokenList(BaseModel):
    items: list[TokenItem]


class FleetView(BaseModel):
    tip: Commit
    summary: dict[str, Any]
    nodes: list[dict[str, Any]]
    propagation: list[dict[str, Any]]


class Received(BaseModel):
    tip: Commit


class AuditPage(BaseModel):
    items: list[dict[str, Any]]
    next: str | None


class Health(BaseModel):
    status: str
    commit: Commit | None = None
    checks: dict[str, str] | None = None


def ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def components() -> dict[str, Any]:
    """All of them as OpenAPI 3.1 component schemas."""
    shapes = [one for one in globals().values() if isinstance(one, type) and issubclass(one, BaseModel)]
    wanted = [(one, "validation") for one in shapes if one is not BaseModel]
    _, schemas = models_json_schema(wanted, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    found: dict[str, Any] = schemas["$defs"]
    return found
