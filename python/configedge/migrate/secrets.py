"""What looks like a secret, by its name or by itself."""

from __future__ import annotations

import re
from typing import Any

# A name too much is only hidden; one too few is in a log for ever.
_NAME = re.compile(
    r"passw|passphrase|secret|credential|(private|api|access|signing|encryption)[_-]?key|(token|pwd|dsn)$",
    re.IGNORECASE,
)
_VALUE = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY|://[^/\s:@]*:[^/\s@]+@|^(AKIA|ghp_|xox[abp]-|eyJ[\w-]+\.eyJ)")


def looks_secret(key: str, value: Any = None) -> bool:
    """Whether a dotted key, or a text in it, most likely is a secret."""
    if any(_NAME.search(segment) for segment in key.split(".")):
        return True
    return isinstance(value, str) and _VALUE.search(value) is not None
