"""docs/reading.md says what is so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from configedge.testing import publish

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reading.md"
VALUES = {"max_ping_ms": 80, "ranked": True, "eu": {"weight": 1.5, "capacity": 1000}}


def test_the_page_runs_from_top_to_bottom(tmp_path: Path) -> None:
    publish(tmp_path / "run", {"matchmaking": VALUES})
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(blocks) >= 10
    text = "\n".join(blocks).replace("/run/configedge", str(tmp_path / "run"))
    scope: dict[str, Any] = {"__name__": "page"}
    exec(compile(text, str(PAGE), "exec", dont_inherit=True), scope)
    assert (scope["limit"], scope["known"], scope["weight"], scope["health"].ok) == (100, True, 1.5, True)
