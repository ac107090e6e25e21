"""From values to HTML: the templates, how values look in them, and the files that pages load."""

from __future__ import annotations

import hashlib
import json
import time
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from configedge.control.diff import json_type

_TYPES: Final = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_UNITS: Final = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def _read_static() -> dict[str, tuple[bytes, str]]:
    found = {}
    for entry in files(__package__).joinpath("static").iterdir():
        dot = entry.name.rpartition(".")[2]
        if kind := _TYPES.get(f".{dot}"):
            found[entry.name] = (entry.read_bytes(), f"{kind}; charset=utf-8")
    return found


STATIC: Final = _read_static()
"""The files that pages load: content and type by name."""
VERSION: Final = hashlib.sha256(
    b"\0".join(name.encode() + b"\0" + STATIC[name][0] for name in sorted(STATIC))
).hexdigest()[:16]
"""Of all of them together; it is in their URLs, so that a browser may keep them for ever."""


def visible(text: object) -> Markup:
    """Text as it is, with what could not be seen, or would turn the text around, shown by its code point."""
    parts = []
    for character in str(text):
        if character.isprintable() or character in "\n\t":
            parts.append(escape(character))
        else:
            parts.append(Markup('<span class="ctl">U+{:04X}</span>').format(ord(character)))
    return Markup("").join(parts)


def value(item: object) -> Markup:
    """A JSON value as text."""
    return visible(json.dumps(item, ensure_ascii=False))


def ago(then: float, now: float | None = None) -> str:
    """How long ago: `just now`, `3 min ago`, `2 d ago`."""
    seconds = (time.time() if now is None else now) - then
    if seconds < 5:
        return "just now"
    return f"{duration(seconds)} ago"


def duration(seconds: float) -> str:
    size, unit = next(((size, unit) for size, unit in _UNITS if seconds >= size), (1, "s"))
    return f"{int(seconds // size)} {unit}"


def span(seconds: float | None) -> str:
    """A measured time: `12 ms`, `1.4 s`, `3 min`."""
    if seconds is None:
        return "…"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f}".removesuffix(".0") + " s" if seconds < 100 else duration(seconds)


def when(seconds: float) -> Markup:
    """A time as an element that the page keeps up to date."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return Markup('<time datetime="{}" title="{} UTC">{}</time>').format(
        moment.strftime("%Y-%m-%dT%H:%M:%SZ"), moment.strftime("%Y-%m-%d %H:%M:%S"), ago(seconds)
    )


def moment(text: str) -> Markup:
    """As `when`, of a time in RFC 3339."""
    return when(datetime.fromisoformat(text).timestamp())


def pretty(item: object) -> Markup:
    """As `value`, over several lines."""
    return visible(json.dumps(item, ensure_ascii=False, indent=2))


def breakable(key: str) -> Markup:
    """A key that may be broken into lines after its dots and underscores."""
    text = str(visible(key))
    return Markup(text.replace(".", ".<wbr>").replace("_", "_<wbr>"))


def split_key(key: str, before: str) -> tuple[str, str]:
    """A key in two: what it has in common with the one above it, by whole segments, and the rest."""
    shared = 0
    segments, others = key.split("."), before.split(".")
    while shared < min(len(segments), len(others)) - 1 and segments[shared] == others[shared]:
        shared += 1
    head = "".join(f"{segment}." for segment in segments[:shared])
    return head, key[len(head) :]


def plural(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def subject_line(message: str) -> str:
    return message.partition("\n")[0]


def note_of(message: str) -> str:
    """What somebody wrote of a commit, without the marks that quote it."""
    lines = message.partition("\n")[2].strip().splitlines()
    return "\n".join(line.removeprefix(">").removeprefix(" ") for line in lines)


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "visible": visible,
        "value": value,
        "pretty": pretty,
        "breakable": breakable,
        "json_type": json_type,
        "when": when,
        "moment": moment,
        "span": span,
        "duration": duration,
        "subject_line": subject_line,
        "note_of": note_of,
        "split_key": split_key,
    }
    made.globals |= {"static": f"/ui/static/{VERSION}", "plural": plural}
    return made


_ENVIRONMENT: Final = _environment()


def render(template: str, values: dict[str, Any]) -> str:
    return _ENVIRONMENT.get_template(template).render(values)
