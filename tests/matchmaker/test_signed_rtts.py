"""Round-trip times that a gateway vouches for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matchmaker.regions.signed_rtts import check_signed, sign_rtts
from matchmaker.signing import load_key

KEY = bytes(range(32))
# For gateways in other languages: this key, player, set and time make this text.
VECTOR = (
    "rtt1;1893456000;ap-northeast-1=236.5,eu-central-1=19,us-east-1=88.625;"
    "c2e1dae73e976ac8ae1019b328df0c87f67312ac088fd196ec764779dc72ca4f"
)
VECTOR_SET = {"us-east-1": 88.625, "eu-central-1": 19.0, "ap-northeast-1": 236.5}
PLAYER = "j\u00f6rg;7"


def test_the_text_is_as_it_was_agreed() -> None:
    assert sign_rtts(KEY, PLAYER, VECTOR_SET, 1_893_456_000) == VECTOR
    assert check_signed(KEY, PLAYER, VECTOR, now=1_893_455_999.9) == (VECTOR_SET, "")


def test_after_its_time_a_set_is_only_a_claim() -> None:
    signed = check_signed(KEY, PLAYER, VECTOR, now=1_893_456_012)
    assert signed == (VECTOR_SET, "signature expired 12 s ago")


@pytest.mark.parametrize(
    ("key", "player", "text"),
    [
        (bytes(32), PLAYER, VECTOR),
        (KEY, "someone else", VECTOR),
        (KEY, PLAYER, VECTOR.replace("=19,", "=18,")),
        (KEY, PLAYER, VECTOR.replace("1893456000", "1893456001")),
    ],
)
def test_with_another_key_player_set_or_time_a_set_is_only_a_claim(key: bytes, player: str, text: str) -> None:
    signed = check_signed(key, player, text, now=0)
    assert signed.wrong == "signature is not that of this key, player and set"
    assert signed.rtts_ms.keys() == VECTOR_SET.keys()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rtt1;;a=1;" + "0" * 64,
        "rtt2" + VECTOR[4:],
        VECTOR.upper(),
        VECTOR + "\n",
        VECTOR.replace("=19,", "=-19,"),
        VECTOR.replace("=19,", "=nan,"),
        VECTOR.replace("=19,", "=1e1,"),
        VECTOR.replace("=19,", "=,"),
        VECTOR.replace("eu-central-1", "us-east-1"),
        VECTOR.replace("=19,", "=19,,"),
    ],
)
def test_what_is_of_another_form_says_nothing(text: str) -> None:
    signed = check_signed(KEY, PLAYER, text, now=0)
    assert signed.rtts_ms == {}
    assert "not of the form" in signed.wrong


@given(
    player=st.text(),
    rtts=st.dictionaries(
        st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True), st.integers(0, 10**7).map(lambda n: n / 1000)
    ),
    other=st.text(),
)
def test_what_is_signed_is_read_back_by_its_player_only(player: str, rtts: dict[str, float], other: str) -> None:
    text = sign_rtts(KEY, player, rtts, 100)
    assert check_signed(KEY, player, text, now=99) == (rtts, "")
    if other != player:
        assert check_signed(KEY, other, text, now=99).wrong


@pytest.mark.parametrize("rtts", [{"a;b": 1.0}, {"a": -1.0}, {"a": float("nan")}, {"a": float("inf")}, {"": 1.0}])
def test_what_the_form_cannot_say_is_not_signed(rtts: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="cannot be signed"):
        sign_rtts(KEY, "p", rtts, 100)


def test_a_key_is_the_bytes_of_its_file_and_not_too_few(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(KEY + b"\n")
    assert load_key(path) == KEY + b"\n"
    path.write_bytes(KEY[:31])
    with pytest.raises(ValueError, match=r"31 bytes are too short .* openssl rand"):
        load_key(path)
    with pytest.raises(FileNotFoundError):
        load_key(tmp_path / "missing")
