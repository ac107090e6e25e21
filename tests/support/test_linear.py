"""The checker itself: it must see what it is there to see."""

from __future__ import annotations

import pytest

from tests.support.linear import OPEN, Answer, violations


@pytest.mark.parametrize(
    ("answers", "ended"),
    [
        ([], ""),
        ([Answer("t", 0, 1, OPEN), Answer("t", 2, 3, "assigned"), Answer("t", 4, 5, "assigned")], "assigned"),
        ([Answer("t", 0, 5, OPEN), Answer("t", 1, 2, "assigned")], "assigned"),
        ([Answer("t", 0, 1, OPEN), Answer("t", 2, cancels=True)], "cancelled"),
        ([Answer("t", 0, 1, OPEN), Answer("t", 2, 3, "cancelled", cancels=True)], "cancelled"),
        ([Answer("t", 2, 3, "assigned", cancels=True)], "assigned"),
    ],
)
def test_histories_that_can_be(answers: list[Answer], ended: str) -> None:
    assert not violations(answers, ended)


@pytest.mark.parametrize(
    ("answers", "ended", "why"),
    [
        ([Answer("t", 0, 1, "cancelled", cancels=True)], "assigned", "was told cancelled"),
        ([Answer("t", 0, 1, "assigned")], "", "was told assigned"),
        ([Answer("t", 0, 1, "assigned"), Answer("t", 2, 3, OPEN)], "assigned", "asked 1.000 s after"),
        ([Answer("t", 0, 1, OPEN)], "cancelled", "nobody"),
        ([Answer("t", 0, 1, "cancelled", cancels=True), Answer("t", 2, 3, OPEN)], "cancelled", "asked"),
        ([Answer("t", 0, 1, "cancelled"), Answer("t", 2, cancels=True)], "cancelled", "nobody"),
    ],
)
def test_histories_that_cannot_be(answers: list[Answer], ended: str, why: str) -> None:
    assert any(why in wrong for wrong in violations(answers, ended))
