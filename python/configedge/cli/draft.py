"""The file that somebody edits: the document as YAML, below comments that say what is to be known of it."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from configedge.bundle import Problem
from configedge.cli.client import Unusable

if TYPE_CHECKING:
    pass

_MARK = "#|"
_EDITORS = ("sensible-editor", "nano", "vi")


class EditorFailed(Exception):
    """The editor ended with an error: its user gives up, or it is broken."""


class Draft:
    """A file in a directory that only we may enter. It stays until `discard`."""

    def __init__(self, name: str, text: str) -> None:
        try:
            self.file = Path(tempfile.mkdtemp(prefix="configedge-edit-")) / name
        except OSError as error:
            raise Unusable(f"cannot make a file to edit: {error.strerror}; TMPDIR names a directory for it") from None
        self.text = text
        """Without the comments of ours."""
        self._editor = _editor()

    def edit(self, comments: Sequence[str] = (), problems: Sequence[Problem] = ()) -> str:
        """Lets the user edit it, with these comments on top; gives the text. Raises EditorFailed and Unusable.

        Problems that name a line, or a key that is in the text, are told with the line that it has in the file.
        """
        told = [line for comment in comments for line in comment.splitlines()]
        length = len(told) + len(problems)
        told += [_told(problem, self.text, length) for problem in problems]
        header = "".join(f"{_MARK} {line}".rstrip() + "\n" for line in told)
        self._replace(header + self.text)
        try:
            code = subprocess.run([*self._editor, str(self.file)], check=False).returncode
        except OSError as error:
            raise Unusable(f"cannot start the editor {self._editor[0]}: {error.strerror}; set EDITOR") from None
        self._read()
        if code != 0:
            raise EditorFailed(f"the editor ended with exit code {code}")
        return self.text

    def write(self, text: str) -> None:
        self.text = text
        self._replace(text)

    def discard(self) -> None:
        # Some editors leave files of their own beside it.
        shutil.rmtree(self.file.parent, ignore_errors=True)

    def _replace(self, content: str) -> None:
        """All of it or nothing: on a full disk what is there stays."""
        new = self.file.with_name(f".{self.file.name}.new")
        try:
            new.write_text(content, encoding="utf-8", errors="surrogateescape")
            new.replace(self.file)
        except OSError as error:
            raise Unusable(f"cannot write {self.file}: {error.strerror}") from None

    def _read(self) -> None:
        try:
            lines = self.file.read_text(encoding="utf-8", errors="surrogateescape").splitlines(keepends=True)
        except OSError as error:
            raise Unusable(f"cannot read what was edited, {self.file}: {error.strerror}") from None
        self.text = "".join(line for line in lines if not line.startswith(_MARK))


def _told(problem: Problem, text: str, header: int) -> str:
    from configedge.lines import line_of

    line = problem.line or line_of(text, problem.key)
    place = f"line {line + header}: " if line else ""
    return place + str(replace(problem, file="", line=0, column=0)).replace("\n", " ")


def _editor() -> list[str]:
    wanted = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if wanted:
        try:
            if command := shlex.split(wanted):
                return command
        except ValueError:
            raise Unusable(f"VISUAL or EDITOR is no command: {wanted}") from None
    for editor in _EDITORS:
        if found := shutil.which(editor):
            return [found]
    raise Unusable("there is no editor; set EDITOR to one")
