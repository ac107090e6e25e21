"""The Go reader: its own tests, which read the vectors."""

from __future__ import annotations

import shutil

import pytest

from tests.clients.answers import GO, needs_go, run

# Debian 12 has 1.19, which go.mod asks for, beside what is on the path.
OLDEST = shutil.which("go", path="/usr/lib/go-1.19/bin")


@needs_go
@pytest.mark.timeout(300)
def test_the_go_reader_passes_its_tests() -> None:
    run(["go", "vet", "./..."], GO)
    run(["go", "test", "-count=1", "./..."], GO)


@pytest.mark.skipif(OLDEST is None, reason="no Go 1.19 (golang-1.19-go)")
@pytest.mark.timeout(300)
def test_the_go_reader_passes_its_tests_with_the_oldest_go_that_it_is_for() -> None:
    assert OLDEST is not None
    run([OLDEST, "test", "-count=1", "./..."], GO)


@pytest.mark.skipif(shutil.which("gofmt") is None, reason="no gofmt")
def test_the_go_reader_is_in_gofmts_form() -> None:
    assert run(["gofmt", "-l", "."], GO) == ""
