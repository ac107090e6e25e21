"""Clients that mean no good: the process stays up, its memory bounded, and good clients are answered meanwhile."""

from __future__ import annotations

import gzip
import json
import re
import select
import socket
import statistics
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest

from configedge.control.auth import Grant, Role
from tests.support.access import Guarded, Raw, guarded
from tests.support.control import document, git

MOST_GROWTH_KIB = 150 << 10
JSON = {"Content-Type": "application/json"}
CREATE = {**JSON, "If-None-Match": "*"}
MERGE, PATCH = "application/merge-patch+json", "application/json-patch+json"


class Victim:
    """The control plane that is abused, and a good client of it."""

    def __init__(self, target: Guarded) -> None:
        self.target = target
        self.url = target.control.url
        host, _, port = self.url.removeprefix("http://").rpartition(":")
        self.address = (host, int(port))
        self.editor = target.token("editor", Grant(Role.editor))
        self.viewer = target.token("viewer", Grant(Role.viewer))
        # A client as any other: it is known, and has a limit of its own.
        self.good = target.client((Grant(Role.editor, "good"),), "good")
        self.pid = target.control.process.pid
        self.base = 0

    def rss(self, what: str = "VmRSS") -> int:
        """KiB; `VmHWM`: the most since `forget_peak`."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.findall(rf"{what}:\s+([0-9]+)", status)[0])

    def forget_peak(self) -> None:
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")

    def connect(self) -> socket.socket:
        return socket.create_connection(self.address, timeout=20)

    def head(self, method: str, path: str, *lines: str, token: str | None = None) -> bytes:
        bearer = [f"Authorization: Bearer {token}"] if token is not None else []
        return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost", *bearer, *lines, "", ""]).encode()

    @contextmanager
    def undisturbed(self) -> Iterator[None]:
        """A good client reads and writes meanwhile, and each of its requests has to succeed."""
        ending, took, failed = threading.Event(), list[float](), list[str]()
        etag = self.good.get("/v1/bundles/good/one").json()["etag"]

        def work() -> None:
            nonlocal etag
            count = 0
            while not ending.is_set():
                count += 1
                for method in ("GET", "PUT"):
                    start = time.perf_counter()
                    if method == "GET":
                        done = self.good.get("/v1/bundles/good/one")
                    else:
                        body = document({"n": count})
                        done = self.good.put("/v1/bundles/good/one", json=body, headers={"If-Match": f'"{etag}"'})
                    took.append(time.perf_counter() - start)
                    if done.status_code != 200:
                        failed.append(done.text)
                    else:
                        etag = done.json()["etag"]
                ending.wait(0.02)

        self.forget_peak()
        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield
        finally:
            # Whatever it was, it can be over sooner than a few requests are.
            while len(took) < 20 and thread.is_alive():
                time.sleep(0.02)
            ending.set()
            thread.join(timeout=30)
        print(f"good requests: {len(took)}, median {statistics.median(took):.4f} s, slowest {max(took):.3f} s")
        assert not failed, failed[:3]
        assert self.target.control.process.poll() is None
        assert "Traceback" not in self.target.control.log.read_text()
        grown = self.rss("VmHWM") - self.base
        print(f"memory: {grown >> 10} MiB more than at rest")
        assert grown < MOST_GROWTH_KIB, f"{grown >> 10} MiB more than at rest"


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Victim]:
    # The abusers are to reach their limit of writes, also where writes are slow.
    with guarded(tmp_path_factory.mktemp("abuse") / "control", "--rate", "60,2000") as target:
        found = Victim(target)
        made = target.admin.put("/v1/bundles/good/one", json=document({"n": 0}), headers=CREATE)
        assert made.status_code == 200
        for n in range(20):
            found.good.get("/v1/bundles/good/one")
            found.good.put("/v1/bundles/good/one", json=document({"n": n}), headers={"If-Match": "*"})
        found.base = found.rss()
        yield found


def closed(connection: socket.socket, within: float) -> bool:
    """Whether the other side ends the connection by then."""
    end = time.monotonic() + within
    while (left := end - time.monotonic()) > 0:
        if select.select([connection], [], [], left)[0]:
            try:
                if not connection.recv(65_536):
                    return True
            except ConnectionError:
                return True
    return False


def test_bodies_that_are_too_large_or_too_dense(victim: Victim) -> None:
    whole = b"[" + b"[]," * (9 << 20) + b"0]"
    dense = b'{"changes":[' + b"[]," * 240_000 + b"{}]}"
    strings = b'{"changes":["' + b"x" * (7 << 20) + b'"]}'
    larger = b'{"changes":["' + b"x" * (30 << 20) + b'"]}'
    bodies = [(whole, "/v1/validate"), (dense, "/v1/validate"), (strings, "/v1/validate"), (dense, "/v1/changes")]
    bodies += [
        (strings, "/v1/proposals"),
        (larger, "/v1/import"),
        (larger, "/v1/changes"),
        (b"x" * (2 << 20), "/v1/tokens"),
    ]

    def send(n: int) -> int:
        body, url = bodies[n % len(bodies)]
        raw = Raw(victim.url, victim.viewer)
        try:
            return raw.send("POST", url, body, JSON)[0]
        except ConnectionError:
            # It was answered before all was sent.
            return 413
        finally:
            raw.close()

    with victim.undisturbed(), ThreadPoolExecutor(12) as pool:
        statuses = set(pool.map(send, range(48)))
    assert statuses <= {400, 403, 413, 422, 503}, statuses


def test_compressed_bodies(victim: Victim) -> None:
    raw, bomb = Raw(victim.url, victim.editor), gzip.compress(b"[" + b"0," * (32 << 20) + b"0]", 1)
    with victim.undisturbed():
        for coding in ("gzip", "deflate", "br", "zstd", "gzip, gzip", "identity, gzip", "x-gzip", "GZIP"):
            for method, url in (("PUT", "/v1/bundles/bad/zip"), ("POST", "/v1/changes"), ("POST", "/v1/import")):
                status, _ = raw.send(method, url, bomb[:900_000], {**CREATE, "Content-Encoding": coding})
                assert status in (415, 403)
    raw.close()


def test_yaml_that_multiplies_itself(victim: Victim, tmp_path: Path) -> None:
    names = "abcdefghijkl"
    lines = ['a: &a ["lol","lol","lol","lol","lol","lol","lol","lol","lol"]']
    lines += [f"{new}: &{new} [{','.join([f'*{old}'] * 9)}]" for old, new in pairwise(names)]
    head = [
        "apiVersion: configedge.io/v1alpha1",
        "kind: ConfigBundle",
        "metadata: {name: bomb, namespace: bad}",
        "spec:",
    ]
    bomb = "\n".join([*head, "  values:", ""])
    bomb += "".join(f"    {line}\n" for line in lines)
    raw = Raw(victim.url, victim.editor)
    work = tmp_path / "work"
    with victim.undisturbed():
        for kind, wanted in (("application/json", 400), ("application/yaml", 415), ("text/plain", 415)):
            headers = {"Content-Type": kind, "If-None-Match": "*"}
            assert raw.send("PUT", "/v1/bundles/bad/bomb", bomb.encode(), headers)[0] == wanted
    raw.close()
    git(tmp_path, "clone", "-q", "--no-local", "-b", "main", str(victim.target.control.repo), str(work))
    (work / "bundles/bad").mkdir(parents=True)
    (work / "bundles/bad/bomb.yaml").write_text(bomb)
    git(work, "add", "-A")
    git(work, "commit", "-q", "-m", "Bomb")
    pushed = subprocess.run(["git", "-C", str(work), "push", "-q"], capture_output=True, text=True, timeout=20)
    assert pushed.returncode != 0 and "bad/bomb.yaml" in pushed.stderr, pushed.stderr


def with_value(text: str) -> str:
    """A document with this text, which need not be JSON, as a value."""
    envelope = '"apiVersion":"configedge.io/v1alpha1","kind":"ConfigBundle"'
    return f'{{{envelope},"spec":{{"values":{{"a":{text}}}}}}}'


def test_json_of_every_depth(victim: Victim) -> None:
    raw = Raw(victim.url, victim.editor)
    with victim.undisturbed():
        # Around the depth at which Python gives up, which is another one in each place.
        for depth in [10, 31, 32, 33, 64, *range(500, 1100, 13), 10_000, 100_000]:
            for start, end in (("[", "]"), ('{"a":', "}")):
                deep = start * depth + "0" + end * depth
                value = with_value(deep)
                change = f'{{"changes":[{{"bundle":"bad/deep","op":"put","if_match":null,"document":{value}}}]}}'
                merge = f'{{"changes":[{{"bundle":"good/one","op":"merge","patch":{deep}}}]}}'
                patch = f'[{{"op":"add","path":"/spec/values/n","value":{deep}}}]'
                for method, url, body, kind in (
                    ("PUT", "/v1/bundles/bad/deep?dry_run=true", value, "application/json"),
                    ("PATCH", "/v1/bundles/good/one?dry_run=true", f'{{"spec":{{"values":{deep}}}}}', MERGE),
                    ("PATCH", "/v1/bundles/good/one?dry_run=true", patch, PATCH),
                    ("POST", "/v1/changes?dry_run=true", change, "application/json"),
                    ("POST", "/v1/validate", merge, "application/json"),
                    ("POST", "/v1/fleet/heartbeats", deep[:16_000], "application/json"),
                ):
                    require = {"If-None-Match": "*"} if method == "PUT" else {"If-Match": "*"}
                    status, text = raw.send(method, url, body.encode(), {"Content-Type": kind, **require})
                    assert status < 500 and (depth < 32 or status >= 400 or start == "["), (
                        depth,
                        url,
                        status,
                        text[:300],
                    )
    raw.close()


def test_numbers_beyond_any_use(victim: Victim) -> None:
    raw = Raw(victim.url, victim.editor)
    numbers = ["1e400", "-1e400", "1e-400", "1" * 4_300, "1" * 4_301, "1" * 900_000, "0." + "0" * 900_000 + "1", "NaN"]
    numbers += ["1E+4000000000", "Infinity", "-0", "1e99999999999999999999", "0x10", "1_000", "01", "1.", ".5", "+1"]
    many = "[" + ",".join(["9" * 4_300] * 200) + "]"
    with victim.undisturbed():
        for number in [*numbers, many]:
            value = with_value(number)
            for url, body in (
                ("/v1/bundles/bad/number?dry_run=true", value),
                ("/v1/validate", f'{{"changes":[{{"bundle":"bad/n","op":"put","document":{value}}}]}}'),
                ("/v1/tokens", f'{{"name":"x","grants":[{{"role":"viewer"}}],"expires_in_s":{number}}}'),
                ("/v1/fleet/heartbeats", f'{{"node":"n","generation":{number}}}'),
            ):
                method = "PUT" if "bundles" in url else "POST"
                status, text = raw.send(method, url, body.encode(), CREATE if method == "PUT" else JSON)
                assert status < 500, (number[:50], url, text[:300])
        for query in ("limit=" + "9" * 5_000, "limit=1e9", "limit=-1", "limit=0", "limit=1001", "limit=NaN"):
            assert raw.send("GET", f"/v1/history?{query}")[0] == 422
    raw.close()


def test_heads_without_an_end(victim: Victim) -> None:
    start = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n"
    post = victim.head("POST", "/v1/changes", "Transfer-Encoding: chunked", "Content-Type: application/json")
    endless = {
        "many headers": (start, b"X-Header: value\r\n" * 4_096),
        "a long header": (start + b"X-Header: ", b"x" * 65_536),
        "a long name": (start, b"x" * 65_536),
        "a long target": (b"GET /", b"x" * 65_536),
        "a long method": (b"", b"G" * 65_536),
        "empty lines": (b"", b"\r\n" * 32_768),
        "a long chunk extension": (post + b"1;", b"x" * 65_536),
        "a long chunk size": (post, b"0" * 65_536),
        "many trailers": (post + b"0\r\n", b"X-Trailer: value\r\n" * 4_096),
        "a long trailer": (post + b"0\r\nX-Trailer: ", b"x" * 65_536),
    }

    def send(name: str) -> int:
        begin, more = endless[name]
        sent = 0
        with victim.connect() as connection:
            try:
                connection.sendall(begin)
                while sent < 64 << 20:
                    connection.sendall(more)
                    sent += len(more)
            except (ConnectionError, TimeoutError):
                pass
        return sent

    with victim.undisturbed(), ThreadPoolExecutor(len(endless)) as pool:
        for name, sent in zip(endless, pool.map(send, endless), strict=True):
            # What the kernel holds on the way counts too.
            assert sent < 32 << 20, f"{name}: {sent} bytes were taken"


def test_clients_that_are_slow_on_purpose(victim: Victim) -> None:
    """Heads, bodies and answers, a byte now and then, or nothing at all: all of them at once."""
    head = victim.head("GET", "/healthz")
    body = ["Content-Type: application/json", "Content-Length: 100000"]
    wait = {
        "nothing": (b"", 10.5, 300),
        "a slow head": (head[:10], 10.5, 200),
        "a slow body": (victim.head("POST", "/v1/changes", *body, token=victim.editor), 14.5, 50),
        "a body that nobody wants": (victim.head("POST", "/healthz", *body), 5.0, 50),
        "a slow second head": (head + head[:10], 10.5, 50),
        "a body after its answer": (head.replace(b"\r\n\r\n", b"\r\nContent-Length: 100000\r\n\r\n"), 5.0, 50),
    }
    with victim.undisturbed(), ExitStack() as stack:
        opened = []
        for name, (begin, within, count) in wait.items():
            for _ in range(count):
                connection = stack.enter_context(victim.connect())
                connection.sendall(begin)
                opened.append((name, connection, time.monotonic(), within))
        left = list(opened)
        while left:
            time.sleep(0.5)
            still = []
            for name, connection, since, within in left:
                over = closed(connection, 0.0001)
                if not over and name != "nothing":
                    try:
                        connection.sendall(b"x")
                    except ConnectionError:
                        over = True
                if not over:
                    assert time.monotonic() - since < within, f"{name} is still connected"
                    still.append((name, connection, since, within))
            left = still


def test_clients_that_do_not_read_what_they_asked_for(victim: Victim) -> None:
    big = document({f"key-{n}": "x" * 1_000 for n in range(800)})
    admin = victim.target.admin
    for n in range(3):
        assert admin.put(f"/v1/bundles/big/b{n}", json=big, headers=CREATE).status_code == 200
    request = victim.head("GET", "/v1/export", token=victim.viewer)
    with ExitStack() as stack, victim.undisturbed():
        for _ in range(30):
            connection = stack.enter_context(victim.connect())
            connection.sendall(request)
        time.sleep(3)
    for n in range(3):
        assert admin.delete(f"/v1/bundles/big/b{n}", headers={"If-Match": "*"}).status_code == 200


def test_a_thousand_watchers_who_do_not_read(victim: Victim) -> None:
    request = victim.head("GET", "/v1/watch", token=victim.viewer)
    with ExitStack() as stack:
        with victim.undisturbed():
            connections = [stack.enter_context(victim.connect()) for _ in range(1_010)]
            for connection in connections:
                connection.sendall(request)
            heads = [connection.recv(12) for connection in connections]
        assert heads.count(b"HTTP/1.1 200") >= 990
        assert heads.count(b"HTTP/1.1 503") >= 5
    for _ in range(100):
        count = re.findall(r"sse_subscribers ([0-9]+)", victim.target.admin.get("/metrics").text)[0]
        if int(count) == 0:
            break
        time.sleep(0.1)
    assert int(count) == 0, "who has gone is forgotten"


def test_patches_that_copy_what_they_copied(victim: Victim) -> None:
    raw = Raw(victim.url, victim.editor)
    copies = [{"op": "copy", "from": "/spec/values", "path": f"/spec/values/c{n}"} for n in range(40)]
    into = [{"op": "copy", "from": "/spec", "path": "/spec/values/n"} for _ in range(1_000)]
    text = [{"op": "add", "path": "/spec/values/t", "value": "x" * 60_000}]
    text += [{"op": "copy", "from": "/spec/values/t", "path": f"/spec/values/t{n}"} for n in range(990)]
    moved = [{"op": "move", "from": "/spec", "path": "/spec/values/n"}]
    tests = [{"op": "test", "path": "/spec", "value": {}}] * 1_001
    with victim.undisturbed():
        for patch in (copies, into, text, moved, tests):
            for n in range(5):
                headers = {"Content-Type": PATCH, "If-Match": "*"}
                status, answer = raw.send(
                    "PATCH",
                    f"/v1/bundles/good/one?dry_run={'true' if n else 'false'}",
                    json.dumps(patch).encode(),
                    headers,
                )
                assert 400 <= status < 500, answer[:300]
    raw.close()


def test_schemas_that_take_for_ever(victim: Victim) -> None:
    raw = Raw(victim.url, victim.editor)
    nested: dict[str, object] = {"type": "integer"}
    for _ in range(14):
        nested = {"anyOf": [nested, nested]}
    schemas: list[object] = [
        {"properties": {"a": {"pattern": "^(a+)+$"}}},
        {"properties": {"a": {"pattern": "(.*a){200}"}}},
        {"properties": {"a": {"pattern": "a{1000}{1000}"}}},
        {"$ref": "#"},
        {"$defs": {"x": {"allOf": [{"$ref": "#/$defs/x"}, {"$ref": "#/$defs/x"}]}}, "$ref": "#/$defs/x"},
        {"$ref": "http://127.0.0.1:1/schema.json"},
        {"$ref": "file:///etc/passwd"},
        {"$schema": "http://127.0.0.1:1/meta.json"},
        {"properties": {"a": nested}},
        {"enum": [[n] for n in range(50_000)]},
        {"properties": {"list": {"uniqueItems": True}}},
        {"properties": {f"p{n}": {"type": "integer"} for n in range(9_000)}},
    ]
    with victim.undisturbed():
        for n, schema in enumerate(schemas):
            values = {"a": "a" * 30_000 + "!", "list": [[m] for m in range(2_000)]}
            body = json.dumps(document(values, schema)).encode()  # type: ignore[arg-type]
            start = time.monotonic()
            status, answer = raw.send("PUT", f"/v1/bundles/bad/schema-{n}?dry_run=true", body, CREATE)
            assert status < 500, (schema, answer[:300])
            assert time.monotonic() - start < 10, f"schema {n} took {time.monotonic() - start:.1f} s"
            assert b"root:" not in answer
    raw.close()


def test_lists_of_etags_and_other_long_headers(victim: Victim) -> None:
    raw = Raw(victim.url, victim.editor)
    values = ['"",' * 20_000, "W/" * 30_000, '"' * 60_000, " " * 60_000 + "x", '"a"' + " " * 60_000, "," * 60_000]
    with victim.undisturbed():
        for value in values:
            for name in ("If-None-Match", "If-Match"):
                for method in ("GET", "PATCH"):
                    headers = {name: value, "Content-Type": MERGE}
                    status, _ = raw.send(method, "/v1/bundles/good/one", b"{}" if method == "PATCH" else None, headers)
                    assert status < 500
            for name in ("Accept", "Authorization", "Cookie", "traceparent", "Content-Type", "Idempotency-Key", "Host"):
                assert Raw(victim.url).send("GET", "/metrics", None, {name: value.strip() or "x"})[0] < 500
    raw.close()


def test_pipelined_requests(victim: Victim) -> None:
    one = victim.head("GET", "/v1/bundles", token=victim.viewer)
    last = victim.head("GET", "/v1/bundles", "Connection: close", token=victim.viewer)

    def send(count: int) -> int:
        with victim.connect() as connection:
            try:
                connection.sendall(one * count + last)
            except ConnectionError:
                return 0
            answers = b""
            try:
                while part := connection.recv(1 << 20):
                    answers += part
            except ConnectionError:
                pass
            return answers.count(b"HTTP/1.1 200 OK")

    with victim.undisturbed():
        # A few are served, in order; who sends thousands is cut off.
        assert send(8) == 9
        with ThreadPoolExecutor(10) as pool:
            assert max(pool.map(send, [5_000] * 20)) < 5_000


def test_floods_of_idempotency_keys_and_of_writes(victim: Victim) -> None:
    def flood(n: int) -> set[int]:
        raw, statuses = Raw(victim.url, victim.editor), set()
        for m in range(150):
            headers = {**JSON, "If-None-Match": "*", "Idempotency-Key": f"{n}-{m}-" + "x" * 200}
            body = json.dumps(document({"n": m})).encode()
            statuses.add(raw.send("PUT", f"/v1/bundles/flood/f{n}", body, headers)[0])
        raw.close()
        return statuses

    with victim.undisturbed(), ThreadPoolExecutor(8) as pool:
        statuses = set[int]().union(*pool.map(flood, range(8)))
    assert statuses <= {200, 412, 429, 503} and 429 in statuses


def test_failed_credentials_by_the_thousand(victim: Victim) -> None:
    def guess(n: int) -> None:
        raw = Raw(victim.url, f"cet_{n:010}_" + "x" * 43)
        for _ in range(250):
            assert raw.send("GET", "/v1/bundles")[0] == 401
        raw.close()

    before = victim.target.audit_file.stat().st_size
    with victim.undisturbed(), ThreadPoolExecutor(6) as pool:
        list(pool.map(guess, range(8)))
    assert victim.target.audit_file.stat().st_size - before < 200_000, "not each is written down"


def test_after_all_of_it_the_repository_is_whole_and_nothing_is_left(victim: Victim) -> None:
    git(victim.target.control.repo, "fsck", "--strict", "--no-dangling")
    with httpx2.Client(base_url=victim.url) as client:
        assert client.get("/readyz").status_code == 200
    open_files = len(list(Path(f"/proc/{victim.pid}/fd").iterdir()))
    assert open_files < 100, f"{open_files} files are open"
    threads = len(list(Path(f"/proc/{victim.pid}/task").iterdir()))
    assert threads < 40, f"{threads} threads"
