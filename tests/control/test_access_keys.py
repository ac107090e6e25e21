"""The keys of issuers: from a file that changes, from a server that may be slow, away or wrong."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from configedge.control.auth import Oidc, Provider, Unauthenticated
from configedge.control.auth import jwks as jwks_module
from configedge.control.auth.jwks import UrlKeys
from tests.support.clock import Clock
from tests.support.credentials import World, bearer, now, public_jwk


def test_a_key_set_in_a_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    world = World(tmp_path)
    file = tmp_path / "keys.json"
    text = file.read_text()
    new = rsa.generate_private_key(65_537, 2_048)
    token = jwt.encode(world.claims(), new, "RS256", {"kid": "new"})
    with pytest.raises(Unauthenticated):
        world.authenticator.identify(bearer(token))
    file.write_text(json.dumps({"keys": [public_jwk(new, "RS256", "new")]}))
    assert world.authenticator.identify(bearer(token))
    with pytest.raises(Unauthenticated):
        world.authenticator.identify(bearer(world.token()))
    for broken in ("", "[]", "{", '{"keys": []}', " " * (65 << 10) + text):
        file.write_text(broken)
        with pytest.raises(Unauthenticated):
            world.authenticator.identify(bearer(token))
    file.unlink()
    with pytest.raises(Unauthenticated):
        world.authenticator.identify(bearer(token))
    file.write_text(text)
    assert world.authenticator.identify(bearer(world.token()))


class Keys:
    """An HTTP server that gives what it is told to."""

    def __init__(self) -> None:
        self.body = b""
        self.status = 200
        self.drip_s = 0.0
        self.asked = 0


@contextmanager
def serving(keys: Keys) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            keys.asked += 1
            self.send_response(keys.status)
            if keys.status == 302:
                self.send_header("Location", "/again")
            self.send_header("Content-Length", str(len(keys.body)))
            self.end_headers()
            for byte in range(len(keys.body)) if keys.drip_s else ():
                self.wfile.write(keys.body[byte : byte + 1])
                time.sleep(keys.drip_s)
            if not keys.drip_s:
                self.wfile.write(keys.body)

        def log_message(self, *_: object) -> None:
            pass

        def handle(self) -> None:
            with suppress(OSError):
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/keys"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def key_set(*kids: str) -> bytes:
    made = [public_jwk(ec.generate_private_key(ec.SECP256R1()), "ES256", kid) for kid in kids]
    return json.dumps({"keys": made}).encode()


def test_keys_from_a_url_are_kept_and_fetched_anew_for_an_unknown_id_but_not_at_will() -> None:
    clock, keys = Clock(), Keys()
    keys.body = key_set("one")
    with serving(keys) as url:
        source = UrlKeys(url, clock)
        for _ in range(10):
            assert source.find("one", "ES256")
        assert keys.asked == 1
        keys.body = key_set("one", "two")
        for _ in range(10):
            assert source.find("two", "ES256") is None and source.find("one", "RS256") is None
        assert keys.asked == 1
        clock.now += 31
        assert source.find("two", "ES256") and keys.asked == 2
        clock.now += 599
        assert source.find("one", "ES256") and keys.asked == 2
        clock.now += 2
        keys.body = key_set("two")
        assert source.find("one", "ES256") is None and keys.asked == 3


def test_an_issuer_that_is_away_is_bridged_for_an_hour() -> None:
    clock, keys = Clock(), Keys()
    keys.body = key_set("one")
    with serving(keys) as url:
        source = UrlKeys(url, clock)
        assert source.find("one", "ES256")
        keys.status = 503
        clock.now += 3_599
        assert source.find("one", "ES256") and keys.asked == 2
        clock.now += 2
        assert source.find("one", "ES256") is None
        keys.status = 200
        clock.now += 31
        assert source.find("one", "ES256")


@pytest.mark.parametrize("fault", ["redirect", "too long", "not JSON", "slow", "gone"])
def test_an_answer_that_is_no_key_set_gives_no_keys(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    keys = Keys()
    keys.body = key_set("one")
    with serving(keys) as url:
        match fault:
            case "redirect":
                keys.status = 302
            case "too long":
                keys.body += b" " * (65 << 10)
            case "not JSON":
                keys.body = b"<html>"
            case "slow":
                monkeypatch.setattr(jwks_module, "_TIMEOUT_S", 0.2)
                keys.drip_s = 0.05
            case _:
                url = url.replace("/keys", "/nothing")
                keys.status = 404
        start = time.monotonic()
        assert UrlKeys(url).find("one", "ES256") is None
        assert time.monotonic() - start < 2
        assert keys.asked == 1


def test_a_fetch_holds_up_nobody_who_has_a_key() -> None:
    clock, keys = Clock(), Keys()
    keys.body = key_set("one")
    with serving(keys) as url:
        source = UrlKeys(url, clock)
        assert source.find("one", "ES256")
        clock.now += 601
        keys.drip_s = 0.01
        fetch = threading.Thread(target=source.find, args=("unknown", "ES256"))
        fetch.start()
        while keys.asked < 2:
            time.sleep(0.005)
        start = time.monotonic()
        assert source.find("one", "ES256")
        assert time.monotonic() - start < 0.2 and fetch.is_alive()
        fetch.join()


def test_tokens_of_an_issuer_with_a_url_are_verified() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    keys = Keys()
    keys.body = json.dumps({"keys": [public_jwk(key, "EdDSA", "k")]}).encode()
    claims = {"iss": "http://localhost:1", "aud": "a", "sub": "s", "iat": now(), "exp": now() + 60, "email": "x@y.z"}
    with serving(keys) as url:
        oidc = Oidc([Provider("http://localhost:1", "a", jwks_uri=url)])
        assert oidc.check(jwt.encode(claims, key, "EdDSA", {"kid": "k"})) == ("s", "", ())
        assert oidc.check(jwt.encode(claims, key, "EdDSA", {"kid": "j"})) is None
