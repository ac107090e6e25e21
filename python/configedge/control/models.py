"""The shapes that the API answers with, for its OpenAPI document."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field
from pydantic.json_schema import models_json_schema

Commit = Annotated[str, Field(pattern="^[0-9a-f]{40}$", examples=["4b825dc642cb6eb9a060e54bf8d69288fbee4904"])]
Etag = Annotated[str, Field(description="The object id of the bundle's text in Git, as in the ETag header.")]
Name = Annotated[str, Field(pattern="^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", max_length=63)]

EXAMPLE_DOCUMENT: dict[str, Any] = {
    "apiVersion": "configedge.io/v1alpha1",
    "kind": "ConfigBundle",
    "metadata": {"name": "matchmaking", "namespace": "treasure-hunt"},
    "spec": {
        "values": {"max_ping_ms": 80, "regions": {"eu": {"weight": 1.0}}},
        "schema": {"properties": {"max_ping_ms": {"type": "integer", "maximum": 300}}},
    },
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


class BundleReply(BaseModel):
    namespace: Name
    name: Name
    etag: Etag
    commit: Commit
    document: ConfigBundle | None = Field(description="null if what is in Git does not pass the checks.")
    problems: list[ProblemItem] = Field(description="Empty unless somebody pushed a broken document.")
    text: str | None = Field(None, description="The broken document as it is in Git.")


class BundleItem(BaseModel):
    namespace: Name
    name: Name
    etag: Etag
    problems: list[ProblemItem]


class BundleList(BaseModel):
    commit: Commit
    items: list[BundleItem]
    next: str | None = Field(description="The cursor of the next page.")


class WriteReply(BaseModel):
    commit: Commit = Field(description="The new commit; if nothing changed or in a dry run, the tip.")
    namespace: Name
    name: Name
    etag: Etag | None = Field(description="null after a deletion.")
    document: ConfigBundle | None
    warnings: list[ProblemItem] = Field(description="What policies that accept it say of it.")
    changed: bool = Field(description="false if the bundle was already so; nothing is committed then.")
    dry_run: bool


class HistoryItem(BaseModel):
    commit: Commit
    time: int = Field(description="Unix seconds.")
    author: str
    message: str


class History(BaseModel):
    commit: Commit
    items: list[HistoryItem] = Field(description="Newest first; may be fewer than asked for though there is a next.")
    next: str | None


class Health(BaseModel):
    status: str
    commit: Commit | None = None
    checks: dict[str, str] | None = None


def ref(model: type[BaseModel]) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def components() -> dict[str, Any]:
    """All of them as OpenAPI 3.1 component schemas."""
    models = (ConfigBundle, ProblemDetails, BundleReply, BundleList, WriteReply, History, Health)
    _, schemas = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    found: dict[str, Any] = schemas["$defs"]
    return found
