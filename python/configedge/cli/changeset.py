"""A set of changes: made from files and patches, sent as one commit, one proposal, or one question."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from configedge.cli import changes
from configedge.cli.client import Client, Unusable
from configedge.cli.output import REFUSED, fail, fail_with, line, note, show_json

if TYPE_CHECKING:
    from configedge.bundle import BundlePath


@dataclass(frozen=True, slots=True)
class Operation:
    """What is to become of one document."""

    path: BundlePath
    op: Literal["put", "merge", "patch", "delete"]
    content: Any
    """The document, or the patch; None for a deletion."""
    if_match: str | None
    """The version that it must still be; None: it must not be there."""

    def as_dict(self) -> dict[str, Any]:
        content = {"put": "document", "merge": "patch", "patch": "patch"}.get(self.op)
        told = {"bundle": str(self.path), "op": self.op, "if_match": self.if_match}
        return told | ({content: self.content} if content else {})


@dataclass(frozen=True, slots=True)
class How:
    """What goes with a change."""

    message: str | None = None
    dry_run: bool = False
    revive: bool = False


def puts(client: Client, files: Sequence[Path], layer: str, if_match: str | None) -> list[Operation]:
    """To be as these files say. Each is checked here first, so that problems name its lines; ends the command if so."""
    from configedge.bundle import BundlePath

    if if_match and len(files) > 1:
        raise Unusable("--if-match is the version of one bundle; give one file with it")
    found = []
    for path, document in (read_document(file) for file in files):
        target = BundlePath(path.namespace, path.name, layer)
        found.append(Operation(target, "put", document, _version(if_match) or client.etag(target)))
    return found


def read_document(file: Path) -> tuple[BundlePath, dict[str, Any]]:
    """A checked document. Ends the command if it is refused."""
    from configedge.bundle import Bundle, BundleError

    try:
        bundle = Bundle.parse(file.read_bytes(), str(file))
    except BundleError as error:
        fail_with(error.problems)
    except OSError as error:
        raise Unusable(f"cannot read {file}: {error.strerror}") from None
    return bundle.path, bundle.document


def patched(client: Client, path: BundlePath, patch: str, json_patch: bool, if_match: str | None) -> Operation:
    """To be changed by a patch: its text, a file, or - for standard input."""
    content = _read_patch(patch, list if json_patch else dict)
    return Operation(path, "patch" if json_patch else "merge", content, _version(if_match) or _existing(client, path))


def deleted(client: Client, path: BundlePath, if_match: str | None) -> Operation:
    return Operation(path, "delete", None, _version(if_match) or _existing(client, path))


def commit(client: Client, operations: Sequence[Operation], how: How) -> dict[str, Any]:
    """All of it in one commit, or in a dry run of it; gives what came of it."""
    return client.write("/v1/changes", _body(operations, how), _parameters(how))


def propose(client: Client, operations: Sequence[Operation], how: How) -> dict[str, Any]:
    """All of it for approval; gives the proposal, with what it would do."""
    return client.call("POST", "/v1/proposals", body=_body(operations, how), params=_parameters(how))


def validate(client: Client, operations: Sequence[Operation], revive: bool = False) -> dict[str, Any]:
    """What all of it would come to; nothing is written."""
    body = _body(operations, How())
    return client.call("POST", "/v1/validate", body=body, params={"revive": revive})


def show_reply(reply: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show_json(as_one(reply))
        return
    changes.show_effects(reply)
    show_outcome(reply)


def show_outcome(reply: dict[str, Any]) -> None:
    """The last line of what came of a change."""
    if reply["dry_run"]:
        done = "dry run: would be committed" if reply["changed"] else "dry run: nothing would change"
    elif not reply["changed"]:
        done = f"nothing changed, commit {reply['commit']}"
    else:
        done = f"committed {reply['commit']}" + (" by an earlier try" if reply["repeated"] else "")
    line(done)
    if reply["dry_run"] and reply.get("needs_approvals"):
        note(f"it needs approval: `configedge propose` {'them' if len(reply['effects']) > 1 else 'it'}")


def as_one(reply: dict[str, Any]) -> dict[str, Any]:
    """The reply to a change of one document has that document's members at its top."""
    if len(reply["effects"]) != 1:
        return reply
    rest = {name: value for name, value in reply.items() if name != "effects"}
    effect = reply["effects"][0]
    return {**effect, **rest, "warnings": [*effect["warnings"], *reply["warnings"]]}


def _body(operations: Iterable[Operation], how: How) -> dict[str, Any]:
    message = {"message": how.message} if how.message else {}
    return {**message, "changes": [operation.as_dict() for operation in operations]}


def _parameters(how: How) -> dict[str, Any]:
    return {"dry_run": how.dry_run, "revive": how.revive}


def _version(if_match: str | None) -> str | None:
    """Without the quotes that the ETag header has."""
    return if_match.strip('"') if if_match else None


def _existing(client: Client, path: BundlePath) -> str:
    return client.etag(path) or fail(f"there is no bundle {path}", REFUSED)


def _read_patch(argument: str, kind: type) -> Any:
    from configedge.bundle import BundleError, load_json

    if argument == "-":
        text, source = sys.stdin.buffer.read(), "standard input"
    elif argument.lstrip().startswith(("{", "[")):
        text, source = argument.encode(errors="surrogateescape"), "the patch"
    else:
        source = argument
        try:
            text = Path(argument).read_bytes()
        except OSError as error:
            why = f"cannot read the patch from {argument}: {error.strerror}"
            raise Unusable(f"{why}; give JSON, a file, or -") from None
    try:
        patch = load_json(text, source)
    except BundleError as error:
        fail_with(error.problems)
    if not isinstance(patch, kind):
        form = "an array of operations" if kind is list else "an object; --json-patch is for arrays of operations"
        raise Unusable(f"{source} is not a patch: give {form}")
    return patch
