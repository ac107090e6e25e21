"""Frames come out of a stream as they went in, however it is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.edge.frames import TO_GATEWAY, TO_SERVER, BadFrame, Kind, Splitter, encode_frame

Frame = tuple[int, int, bytes]

LIMIT = 300
frames = st.tuples(st.sampled_from(sorted(TO_SERVER)), st.integers(0, 2**32 - 1), st.binary(max_size=LIMIT))


def cut(data: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(data) + 1) for place in places} | {len(data)})
    return [data[begin:end] for begin, end in zip([0, *ends], ends, strict=False)]


def split(splitter: Splitter, pieces: list[bytes], limit: int = LIMIT) -> tuple[list[Frame], str]:
    """The frames, and why there were no more."""
    came: list[Frame] = []
    try:
        for piece in pieces:
            for frame in splitter.feed(piece, limit):
                came.append(frame)
    except BadFrame as error:
        return came, str(error)
    return came, ""


@given(st.lists(frames, max_size=8), st.lists(st.integers(0, 5000), max_size=12))
def test_any_split_of_a_stream_gives_the_same_frames(sent: list[Frame], places: list[int]) -> None:
    stream = b"".join(encode_frame(*frame) for frame in sent)
    assert split(Splitter(TO_SERVER), cut(stream, places)) == (sent, "")
    assert split(Splitter(TO_SERVER), [stream[at : at + 1] for at in range(len(stream))]) == (sent, "")


@given(st.lists(frames, max_size=3), st.binary(max_size=60), st.lists(st.integers(0, 500), max_size=8))
def test_any_bytes_give_the_same_frames_and_the_same_fault_however_they_are_cut(
    sent: list[Frame], noise: bytes, places: list[int]
) -> None:
    stream = b"".join(encode_frame(*frame) for frame in sent) + noise
    whole = split(Splitter(TO_SERVER), [stream])
    assert whole[0][: len(sent)] == sent
    assert split(Splitter(TO_SERVER), cut(stream, places)) == whole


def test_a_kind_that_may_not_come_is_known_by_its_header_alone() -> None:
    for kind in set(range(256)) - TO_SERVER:
        came, why = split(Splitter(TO_SERVER), [encode_frame(Kind.PING, 0), encode_frame(kind, 1, b"{}")[:8]])
        assert came == [(Kind.PING, 0, b"")]
        assert why.startswith(f"{kind} is not a kind")


def test_a_body_that_is_too_long_is_known_by_its_header_alone() -> None:
    assert split(Splitter(TO_GATEWAY), [encode_frame(Kind.PONG, 7, b"x" * LIMIT)])[0]
    came, why = split(Splitter(TO_GATEWAY), [encode_frame(Kind.PONG, 7, b"x" * (LIMIT + 1))[:8]])
    assert (came, why) == ([], "a body of 301 bytes; at most 300 are taken (limits.max_body_bytes)")


def test_what_does_not_fit_a_header_is_not_encoded() -> None:
    assert encode_frame(255, 2**32 - 1, b"x" * (2**24 - 1))[:8] == b"\xff" * 8
    for session, size in ((2**32, 0), (-1, 0), (1, 2**24)):
        with pytest.raises(ValueError, match="does not fit"):
            encode_frame(0, session, b"x" * size)
