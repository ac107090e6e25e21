"""The shapes that the API answers with, for its OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import MISSING, BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

from configedge.control.fleet import INTERVAL_S
from configedge.control.pacing import LONGEST_S

Commit = Annotated[str, Field(pattern="^[0-9a-f]{40}$", examples=["4b825dc642cb6eb9a060e54bf8d69288fbee4904"])]
Etag = Annotated[str, Field(description="The object id of the bundle's text in Git, as in the ETag header.")]
Name = Annotated[str, Field(pattern="^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", max_length=63)]

Layer = Annotated[str, Field(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?)?$")]

Scope = Annotated[str, Field(pattern=r"^(\*|[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)$", description="A name, or `*`.")]

NameOrNone = Annotated[str, Field(pattern="^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$")]

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
    "metadata": {"name": "matchmaking", "namespace": "treasure-hunt"},
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
EXAMPLE_HEARTBEAT: dict[str, Any] = {
    "node": "node-1",
    "environment": "prod",
    "region": "eu-west-1",
    "generation": 12,
    "commit": "4b825dc642cb6eb9a060e54bf8d69288fbee4904",
    "state": "ok",
    "problems": [],
    "published_at": 1_790_000_000.5,
    "sent_at": 1_790_000_004.5,
    "version": "0.1.0",
}
EXAMPLE_TOKEN: dict[str, Any] = {
    "name": "ci",
    "grants": [{"role": "editor", "namespace": "treasure-hunt"}],
    "expires_in_s": 2_592_000,
}


class Shape(BaseModel):
    """An object that has these members and no others."""

    model_config = ConfigDict(extra="forbid")


class AnyMetadata(Shape):
    """What Kubernetes adds to a resource is kept, and means nothing here."""

    labels: dict[str, str] | MISSING = MISSING
    annotations: dict[str, str] | MISSING = MISSING
    creationTimestamp: Any | MISSING = MISSING
    generation: Any | MISSING = MISSING
    managedFields: Any | MISSING = MISSING
    resourceVersion: Any | MISSING = MISSING
    uid: Any | MISSING = MISSING
    ownerReferences: Any | MISSING = MISSING
    finalizers: Any | MISSING = MISSING


class Metadata(AnyMetadata):
    name: Name
    namespace: Name | MISSING = Field(MISSING, description="`default` if it is left out.")


class Unnamed(AnyMetadata):
    """The path gives what is left out."""

    name: Name | MISSING = MISSING
    namespace: Name | MISSING = MISSING


class Spec(Shape):
    values: dict[str, Any] = Field(description="The configuration.")
    schema_: dict[str, Any] | MISSING = Field(MISSING, alias="schema", description="JSON Schema 2020-12 for `values`.")
    policies: list[str] | MISSING = Field(MISSING, description="Policies that must accept it.")


class Document(Shape):
    apiVersion: Literal["configedge.io/v1alpha1"]
    kind: Literal["ConfigBundle"]


class ConfigBundle(Document):
    """The document. `metadata.name` and `metadata.namespace` may be left out of a PUT; the path gives them."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_DOCUMENT]})

    metadata: Unnamed | MISSING = MISSING
    spec: Spec


class NamedBundle(Document):
    """The document as one of several."""

    metadata: Metadata
    spec: Spec


class ProblemItem(Shape):
    """One thing that is wrong, and where. Lines and columns count from 1; 0 is unknown."""

    file: str = Field(examples=["body.json"])
    key: str = Field(examples=["spec.values.max_ping_ms"])
    line: int
    column: int
    code: str = Field(examples=["schema"])
    message: str
    hint: str


class ProblemDetails(Shape):
    """An RFC 9457 problem."""

    type: str = Field(examples=["urn:configedge:problem:stale"])
    title: str
    status: int
    detail: str
    request_id: str
    etag: str | MISSING | None = Field(
        MISSING, description="With 412: what the bundle is now; null if it is not there."
    )
    problems: list[ProblemItem]


class Named(Shape):
    namespace: Name
    name: Name
    layer: Layer = Field(description="Empty: the bundle itself; else `environment` or `environment.region`.")


class DocumentReply(Named):
    etag: Etag
    commit: Commit
    document: ConfigBundle | None = Field(description="null if what is in Git does not pass the checks.")
    problems: list[ProblemItem] = Field(description="Empty unless somebody pushed a broken document.")
    text: str | MISSING = Field(MISSING, description="The broken document as it is in Git.")


class BundleItem(Shape):
    namespace: Name
    name: Name
    etag: Etag
    layers: list[Layer] = Field(description="The layers that have an overlay of it.")
    problems: list[ProblemItem]


class BundleList(Shape):
    commit: Commit
    items: list[BundleItem]
    next: str | None = Field(description="The cursor of the next page.")


class OverlayItem(Shape):
    layer: Layer
    etag: Etag
    document: ConfigBundle | None
    problems: list[ProblemItem]


class OverlayList(Shape):
    commit: Commit
    items: list[OverlayItem]


class KeyChange(Shape):
    """One key that is different. Arrays are compared whole; an object that comes or goes is one change."""

    key: str = Field(examples=["regions.eu.weight"])
    kind: Literal["added", "removed", "changed"]
    type_changed: bool
    secret: bool = Field(description="It is marked as secret: the values are left out.")
    before: Any | MISSING = MISSING
    after: Any | MISSING = MISSING


class NodeChange(Shape):
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


class Outcome(Shape):
    commit: Commit = Field(description="The new commit; if nothing changed or in a dry run, the tip.")
    changed: bool = Field(description="false if all was already so; nothing is committed then.")
    dry_run: bool
    repeated: bool = Field(description="It is the answer to an earlier request with the same Idempotency-Key.")
    digest: str = Field(description="SHA-256 over what each document is and becomes.")
    nodes: list[NodeChange]
    needs_approvals: int | MISSING = Field(MISSING, description="In a dry run: how many others must approve.")


class WriteReply(Effect, Outcome):
    """A write of one document."""


class ChangeReply(Outcome):
    """A write of several documents."""

    message: str
    effects: list[Effect]
    warnings: list[ProblemItem]


class Operation(Shape):
    bundle: str = Field(examples=["treasure-hunt/matchmaking", "treasure-hunt/matchmaking@prod.eu-west-1"])
    op: Literal["put", "merge", "patch", "delete"]
    document: ConfigBundle | MISSING = Field(MISSING, description="With put.")
    patch: Any | MISSING = Field(
        MISSING, description="With merge a merge patch (RFC 7396), with patch a JSON patch (RFC 6902)."
    )
    if_match: Etag | None = Field(description="What the document is now; null: it must not exist.")


class LooseOperation(Operation):
    """One that may leave out `if_match`: it then requires nothing."""

    if_match: Etag | MISSING | None = Field(  # type: ignore[assignment]
        MISSING, description="What the document is now; null: it must not exist."
    )


class ChangeSet(Shape):
    """Several documents, one commit: all of it or nothing."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_CHANGES]})

    message: str | MISSING = Field(MISSING, max_length=2000)
    changes: list[Operation] = Field(min_length=1, max_length=200)


class LooseChangeSet(Shape):
    """A change set that is only looked at."""

    message: str | MISSING = Field(MISSING, max_length=2000)
    changes: list[LooseOperation] = Field(min_length=1, max_length=200)


class AllBackTo(Shape):
    model_config = {"json_schema_extra": {"examples": [EXAMPLE_ROLLBACK]}}

    to: Commit


class RollbackTo(Shape):
    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_ROLLBACK]})

    to: Commit
    overlays: bool = Field(False, description="Its overlays too, whatever they are now.")


class HistoryItem(Shape):
    commit: Commit
    parent: Commit | None = Field(description="The commit before; null of the first.")
    time: int = Field(description="Unix seconds.")
    author: str
    subject: str | None = Field(description="Who it was here, as in token:ci; null for a commit that was pushed.")
    message: str


class History(Shape):
    commit: Commit
    items: list[HistoryItem] = Field(description="Newest first; may be fewer than asked for though there is a next.")
    next: str | None


class DiffItem(Named):
    before: Etag | None
    etag: Etag | None
    changes: list[KeyChange]


class Diff(Shape):
    from_: Commit = Field(alias="from")
    to: Commit
    items: list[DiffItem]


class Effective(Named):
    rendered_from: Layer = Field(description="The nearest layer that has overlays: where nodes find it in Git.")
    commit: Commit
    values: dict[str, Any] = Field(description="What services read, with what policies derive.")
    document: ConfigBundle


class Origin(Shape):
    layer: Layer
    value: Any
    removes: bool
    wins: bool
    commit: Commit | None
    time: int | None
    author: str | None


class Leaf(Shape):
    key: str
    value: Any
    layer: str


class Explanation(Shape):
    """With a key: `found`, `value`, `type`, `layer` and `origins`; without: `items`."""

    namespace: Name
    name: Name
    layer: str | MISSING | None = Field(
        MISSING, description="That of the value, or `policy`; null if nobody says anything of the key."
    )

    commit: Commit
    key: str | MISSING = MISSING
    found: bool | MISSING = MISSING
    value: Any | MISSING = MISSING
    type: str | MISSING | None = MISSING
    origins: list[Origin] | MISSING = MISSING
    items: list[Leaf] | MISSING = MISSING


class TombstoneItem(Shape):
    key: str
    time: int
    by: str
    type: str


class Tombstones(Shape):
    items: list[TombstoneItem]


class ExportedOverlay(Shape):
    layer: Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)?$")]
    document: NamedBundle


class Export(Shape):
    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_EXPORT]})

    apiVersion: Literal["configedge.io/v1alpha1"]
    kind: Literal["ConfigExport"]
    commit: str | MISSING = Field(MISSING, description="What it is of; an import passes it over.")
    bundles: list[NamedBundle]
    overlays: list[ExportedOverlay] | MISSING = MISSING
    policies: dict[str, str] | MISSING = Field(MISSING, description="Base64 by file name; not taken by an import.")


class Person(Shape):
    subject: str
    name: str
    time: int


class Proposal(Shape):
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
    effects: list[Effect] | MISSING = MISSING
    nodes: list[NodeChange] | MISSING = MISSING
    warnings: list[ProblemItem] | MISSING = MISSING
    stale: bool | MISSING = Field(MISSING, description="What it changes has changed since: propose it again.")
    problems: list[ProblemItem] | MISSING = MISSING


class ProposalList(Shape):
    items: list[Proposal]


class Approval(Shape):
    model_config = ConfigDict(json_schema_extra={"examples": [{"digest": "0" * 64}]})

    digest: str = Field(pattern="^[0-9a-f]{64}$", description="The digest of what you looked at.")


class Rejection(Shape):
    model_config = ConfigDict(json_schema_extra={"examples": [{"reason": "not on a Friday"}]})

    reason: str = Field("", max_length=2000)


class GrantItem(Shape):
    role: Literal["viewer", "editor", "approver", "admin", "node"]
    namespace: Scope = "*"
    prefix: str = Field("", pattern="^([a-z0-9][a-z0-9-]{0,62})?$", description="How the names of bundles begin.")
    environment: Scope = "*"


class WhoAmI(Shape):
    subject: str
    name: str
    grants: list[GrantItem]


class NewToken(Shape):
    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE_TOKEN]})

    name: Name
    grants: list[GrantItem] = Field(min_length=1, max_length=64)
    expires_in_s: int = Field(ge=1, le=90 * 86400, description="Seconds; at most 90 days.")


class TokenItem(Shape):
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


class WouldWork(Shape):
    dry_run: Literal[True]


class TokenList(Shape):
    items: list[TokenItem]


class HeartbeatItem(Shape):
    node: str = Field(pattern="^[A-Za-z0-9._-]{1,253}$")
    environment: NameOrNone = ""
    region: NameOrNone = ""
    generation: int = Field(ge=0, lt=1 << 64)
    commit: str = Field(pattern="^([0-9a-f]{40}|[0-9a-f]{64})?$")
    state: Literal["empty", "ok", "degraded", "held", "silent"]
    problems: list[Annotated[str, Field(max_length=300)]] = Field([], max_length=20)
    published_at: float = Field(ge=0, le=1e11, description="Unix seconds; 0: nothing is published.")
    sent_at: float = Field(ge=0, le=1e11)
    version: str = Field(pattern="^[A-Za-z0-9.+_-]{0,64}$")


class NodeItem(HeartbeatItem):
    received_at: float
    next_s: float = Field(description="It was told to report again after so many seconds.")
    age_s: float
    lost: bool = Field(description="It has been silent for three times that.")


LongestInterval = Annotated[
    float, Field(description="The most seconds that one of those that answer was told to wait between heartbeats.")
]


class FleetSummary(Shape):
    total: int
    ready: int = Field(description="Those that serve all of the tip.")
    behind: int
    lost: int
    commits: dict[str, int] = Field(description="How many nodes serve each commit.")
    worst_lag_s: float | None
    next_s: LongestInterval


class Push(Shape):
    """How far a commit has come. Seconds; null: not yet."""

    commit: Commit
    at: float
    position: int
    nodes: int
    served: int
    first_s: float | None
    half_s: float | None
    all_s: float | None


class FleetView(Shape):
    tip: Commit
    summary: FleetSummary
    nodes: list[NodeItem]
    propagation: list[Push]


class MissingNode(Shape):
    node: str
    environment: NameOrNone
    region: NameOrNone
    commit: str
    why: Literal["behind", "empty", "refuses", "silent"]
    problems: list[str]
    age_s: float


class CommitReach(Shape):
    commit: Commit
    tip: Commit
    settled: bool = Field(description="Every node had the time to report since the control plane started.")
    nodes: int = Field(description="Those that answer.")
    reached: int = Field(description="Those of them that have the commit, and refuse nothing of it.")
    lost: int = Field(description="Those that do not answer.")
    next_s: LongestInterval
    missing: list[MissingNode] = Field(description="Some of those that answer and have not reached it.")


class Refusal(Shape):
    node: str
    problem: str


class BundleReach(Shape):
    namespace: Name
    name: Name
    etag: Etag
    commit: Commit = Field(description="That brought it as it is now.")
    ready: int = Field(description="Nodes that serve it as it is now.")
    refused: int = Field(description="Nodes that were given it and do not serve it.")
    refusals: list[Refusal] = Field(description="Some of these.")


class BundlesReach(Shape):
    tip: Commit
    settled: bool
    nodes: int
    lost: int
    items: list[BundleReach]


class Received(Shape):
    tip: Commit
    next_s: float = Field(
        ge=INTERVAL_S,
        le=LONGEST_S,
        description="Report again after so many seconds, give or take a tenth; more of them the more nodes there are.",
    )


class AuditEntry(Shape):
    seq: int
    time: str
    subject: str
    action: str
    target: str
    outcome: Literal["allowed", "denied", "failed"]
    commit: str
    request_id: str
    detail: str
    prev: str
    hash: str


class AuditPage(Shape):
    items: list[AuditEntry]
    next: str | None


class Health(Shape):
    status: str
    commit: Commit | MISSING = MISSING
    checks: dict[str, str] | MISSING = MISSING


def ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def components() -> dict[str, Any]:
    """All of them as OpenAPI 3.1 component schemas."""
    shapes = [one for one in globals().values() if isinstance(one, type) and issubclass(one, BaseModel)]
    wanted = [(one, "validation") for one in shapes if one not in (BaseModel, Shape)]
    _, schemas = models_json_schema(wanted, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    found: dict[str, Any] = schemas["$defs"]
    return found
