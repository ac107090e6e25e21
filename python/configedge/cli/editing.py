"""An edit: a document in the user's editor, checked before anything is written, and never lost."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import typer

from configedge.bundle import Bundle, BundleError, BundlePath, Problem, to_yaml
from configedge.cli import changes, changeset
from configedge.cli.changeset import How, Operation
from configedge.cli.client import Client, Refused, url
from configedge.cli.draft import Draft, EditorFailed
from configedge.cli.output import REFUSED, fail, first_line, line, note, short, show_json, summary
from configedge.cli.proposal_view import show_waiting
from configedge.merge import merge

_CORRECT = "It is refused. Correct it and save, or close the file as it is to give up."


class _GivenUp(Exception):
    """The user does not want it any more."""


@dataclass(frozen=True, slots=True)
class _Version:
    """What an edit begins with."""

    etag: str | None
    """None: the document is not there yet."""
    document: dict[str, Any] | None
    """None: what is in Git is broken."""
    text: str
    problems: tuple[Problem, ...] = ()


class Edit:
    """One edit, from the first look to the commit."""

    def __init__(self, client: Client, path: BundlePath, how: How, *, yes: bool, propose: bool, as_json: bool) -> None:
        self._client = client
        self._path = path
        self._how = how
        self._yes = yes
        self._propose = propose
        self._as_json = as_json
        self._start = self._read()
        self._draft = Draft(f"{path.namespace}.{path.name}.yaml", self._start.text)

    def run(self) -> None:
        """Ends the command with exit code 1 if the user gives up. What was not written is kept in a file."""
        done = False
        try:
            self._run()
            done = not self._how.dry_run
        except (_GivenUp, EditorFailed) as why:
            fail(f"{why}; nothing was written", REFUSED)
        finally:
            if done or self._draft.text == self._start.text:
                self._draft.discard()
            else:
                note(f"your text is in {self._draft.file}")

    def _run(self) -> None:
        comments, problems = self._greeting(), self._start.problems
        refused = False
        while True:
            before = self._draft.text
            text = self._draft.edit(comments, problems)
            if not text.strip():
                self._draft.write(before)
                raise _GivenUp("the file is empty")
            if text == self._start.text:
                self._nothing()
                return
            if text == before and refused:
                raise _GivenUp("nothing was corrected")
            comments, problems, refused = [], (), False
            try:
                document = self._parse(text)
                if self._write(document, self._preview(document)):
                    return
                comments = ["Once more. Save and close to see the changes again, or empty it to give up."]
            except BundleError as error:
                comments, problems, refused = [_CORRECT], error.problems, True
            except Refused as error:
                if error.code == "stale":
                    comments = self._meet_other(document)
                elif error.problems:
                    # Their lines are of the text in Git, and not of this one.
                    comments, refused = [_CORRECT], True
                    problems = tuple(replace(problem, line=0) for problem in error.problems)
                else:
                    raise

    def _nothing(self) -> None:
        if self._as_json:
            show_json({"changed": False})
        else:
            line("nothing changed")

    def _greeting(self) -> list[str]:
        new = "It is not there yet. " if self._start.etag is None else ""
        told = [f"{self._path}. {new}Save and close to go on; close unchanged to do nothing."]
        if self._path.layer:
            told.append("An overlay: spec.values is merged over the bundle's, and null removes a key.")
        if self._start.problems:
            told.append("What is there is broken:")
        return told

    def _parse(self, text: str) -> dict[str, Any]:
        bundle = Bundle.parse(text.encode(errors="surrogateescape"), "bundle.yaml")
        if bundle.path != self._path.base:
            message = f"it says that it is {bundle.path}, and this is {self._path.base}"
            hint = "leave name and namespace as they are; `configedge put` makes another bundle"
            raise BundleError([Problem.of("name", message, hint, key="metadata.name")])
        return bundle.document

    def _operation(self, document: dict[str, Any]) -> Operation:
        return Operation(self._path, "put", document, self._start.etag)

    def _preview(self, document: dict[str, Any]) -> dict[str, Any]:
        return changeset.commit(self._client, [self._operation(document)], replace(self._how, dry_run=True))

    def _write(self, document: dict[str, Any], reply: dict[str, Any]) -> bool:
        """Shows what it comes to, asks, and writes it; False: the user wants to edit again. Raises _GivenUp."""
        if not reply["changed"]:
            self._nothing()
            return True
        changes.show_effects(reply, full=True, err=self._as_json)
        changes.show_dangers(reply, err=self._as_json)
        if self._how.dry_run:
            self._say(reply, changeset.show_outcome)
            return True
        propose = self._propose or bool(reply.get("needs_approvals") and not self._yes)
        if not self._yes and not _agreed("Propose it for approval?" if propose else "Commit it?"):
            return False
        operations = [self._operation(document)]
        if propose:
            self._say(changeset.propose(self._client, operations, self._how), show_waiting)
        else:
            self._say(changeset.commit(self._client, operations, self._how), changeset.show_outcome)
        return True

    def _say(self, reply: dict[str, Any], show: Callable[[dict[str, Any]], None]) -> None:
        if self._as_json:
            show_json(changeset.as_one(reply))
        else:
            show(reply)

    def _meet_other(self, mine: dict[str, Any]) -> list[str]:
        """Somebody else was first: their changes go into the draft. Gives what is to be told of that."""
        base, theirs = self._start, self._read()
        self._start = theirs
        told = [f"{self._path} was changed meanwhile" + self._by() + "."]
        if base.document is None or theirs.document is None:
            return [*told, "The two cannot be merged, as one is broken; yours would replace theirs."]
        merged, conflicts = merge(base.document, mine, theirs.document)
        self._draft.write(to_yaml(merged).decode())
        told.append(
            "Their changes are in this file now, beside yours. Save and close to go on, or empty it to give up."
        )
        told += [f"both changed {key}: yours is here, theirs is {_value_at(theirs.document, key)}" for key in conflicts]
        return told

    def _by(self) -> str:
        """Who changed it last."""
        made = self._client.items(f"{url(self._path.base)}/history", most=1, layer=self._path.layer or None)
        return "".join(f" by {first_line(change['author'])} ({summary(change['message'])})" for change in made)

    def _read(self) -> _Version:
        found = self._client.maybe(url(self._path))
        if found is None:
            document = {
                "apiVersion": "configedge.io/v1alpha1",
                "kind": "ConfigBundle",
                "metadata": {"name": self._path.name, "namespace": self._path.namespace},
                "spec": {"values": {}},
            }
            return _Version(None, document, to_yaml(document).decode())
        document = found["document"]
        text = to_yaml(document).decode() if document is not None else found["text"]
        problems = tuple(Problem(**problem) for problem in found["problems"])
        return _Version(found["etag"], document, text, problems)


def _agreed(question: str) -> bool:
    """False: edit again. Raises _GivenUp."""
    try:
        answer = str(typer.prompt(f"{question} [y]es, [n]o, [e]dit again", default="n", show_default=False, err=True))
    except typer.Abort:
        typer.echo("", err=True)
        raise _GivenUp("nobody answered (--yes answers for you)") from None
    if (answer := answer.strip().lower()) in ("e", "edit"):
        return False
    if answer not in ("y", "yes"):
        raise _GivenUp("you said no")
    return True


def _value_at(document: dict[str, Any], key: str) -> str:
    value: Any = document
    for segment in key.split("."):
        if not isinstance(value, dict) or segment not in value:
            return "(removed)"
        value = value[segment]
    return short(value)
