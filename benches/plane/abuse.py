"""Clients that behave badly, a process of their own: `python -m benches.plane.abuse SHAPE URL BUNDLE`, token on stdin.

Says `ready` once it is at it, and goes on until it is killed. What is cut off comes back.
"""

from __future__ import annotations

import asyncio
import contextlib
import subprocess
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Final
from urllib.parse import urlsplit

_PART = 64 << 10


@contextmanager
def beside(shape: str, url: str, token: str, bundle: str) -> Iterator[None]:
    """Has one shape at work meanwhile."""
    command = [sys.executable, "-m", "benches.plane.abuse", shape, url, bundle]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(token + "\n")
    process.stdin.close()
    try:
        if process.stdout.readline() != "ready\n":
            raise SystemExit(f"the abuse {shape!r} did not start")
        yield
        if process.poll() is not None:
            raise SystemExit(f"the abuse {shape!r} ended by itself")
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


class _Abuse:
    def __init__(self, url: str, bundle: str, token: str) -> None:
        self._host, self._port = urlsplit(url).hostname, urlsplit(url).port
        self._path = f"/v1/bundles/{bundle}"
        self._token = token

    def _head(self, *headers: str, token: str | None = None) -> bytes:
        lines = [f"PUT {self._path} HTTP/1.1", f"Host: {self._host}", f"Authorization: Bearer {token or self._token}"]
        lines += ["Content-Type: application/json", "If-Match: *", *headers, "", ""]
        return "\r\n".join(lines).encode()

    async def _drip(self, begin: bytes) -> None:
        """Sends a beginning, and then a byte now and then."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            writer.write(begin)
            while not reader.at_eof():
                writer.write(b"x")
                await writer.drain()
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(1), 0.5)
        finally:
            writer.close()

    async def _send(self, head: bytes, body: bytes) -> None:
        """The same request again and again, as quickly as it is answered."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        try:
            while not reader.at_eof():
                writer.write(head)
                # In parts, so that a refusal is seen before all is sent.
                for start in range(0, len(body), _PART):
                    writer.write(body[start : start + _PART])
                    await writer.drain()
                answer = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    (line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length")), b""
                )
                await reader.readexactly(int(length.partition(b":")[2] or 0))
        finally:
            writer.close()

    async def slow_head(self) -> None:
        await self._drip(self._head()[:60])

    async def slow_body(self) -> None:
        await self._drip(self._head("Content-Length: 100000"))

    async def body_bomb(self) -> None:
        """32 MiB in chunks, so that only reading tells how large it is."""
        chunk = b"%x\r\n" % _PART + b" " * _PART + b"\r\n"
        await self._send(self._head("Transfer-Encoding: chunked"), chunk * 512)

    async def deep_json(self) -> None:
        body = b'{"a":' * (200_000)
        await self._send(self._head(f"Content-Length: {len(body)}"), body)

    async def idempotency_flood(self) -> None:
        body = b'{"apiVersion":"configedge.io/v1alpha1","kind":"ConfigBundle","spec":{"values":{"n":1}}}'
        await self._send(self._head("Idempotency-Key: same", f"Content-Length: {len(body)}"), body)

    async def wrong_token(self) -> None:
        await self._send(self._head("Content-Length: 2", token=f"cet_{'x' * 10}_{'y' * 43}"), b"{}")


_Attempt = Callable[[_Abuse], Coroutine[None, None, None]]
SHAPES: Final[dict[str, tuple[int, _Attempt]]] = {
    "slow heads": (200, _Abuse.slow_head),
    "slow bodies": (200, _Abuse.slow_body),
    "body bombs": (2, _Abuse.body_bomb),
    "deep JSON": (2, _Abuse.deep_json),
    "an idempotency flood": (4, _Abuse.idempotency_flood),
    "wrong tokens": (4, _Abuse.wrong_token),
}
"""By name: how many clients, and what each of them does until it is cut off."""


async def _work(abuse: _Abuse, clients: int, attempt: _Attempt) -> None:
    async def again() -> None:
        while True:
            with contextlib.suppress(OSError, EOFError):
                await attempt(abuse)
            await asyncio.sleep(0.05)

    tasks = [asyncio.create_task(again()) for _ in range(clients)]
    await asyncio.sleep(0.5)
    print("ready", flush=True)
    await asyncio.gather(*tasks)


def main() -> None:
    shape, url, bundle = sys.argv[1:]
    clients, attempt = SHAPES[shape]
    asyncio.run(_work(_Abuse(url, bundle, sys.stdin.readline().strip()), clients, attempt))


if __name__ == "__main__":
    main()
