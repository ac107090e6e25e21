"""Game servers of Agones, through both of its HTTP APIs, by real connections."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from matchmaker.allocate.agones import AgonesProvider
from matchmaker.allocate.provider import NoServer
from matchmaker.core.settings import Agones
from tests.matchmaker.test_allocation import ended, play, publish, running, until
from tests.support.agones import Cluster, GameServer, make_certificates, serving

SELECTOR = {"agones.dev/fleet": "{mode}", "region": "{region}"}


def cluster(count: int = 1, region: str = "us-east-1", **more: Any) -> Cluster:
    labels = {"agones.dev/fleet": "duel", "region": region}
    return Cluster([GameServer(f"duel-{number}", labels, 7000 + 10 * number) for number in range(count)], **more)


def provider(there: Cluster, **more: Any) -> AgonesProvider:
    return AgonesProvider(Agones(url=there.url, selector=SELECTOR, **more), timeout_s=5)


@pytest.fixture
def token(tmp_path: Path) -> str:
    path = tmp_path / "token"
    path.write_text("t0ken\n")
    return str(path)


async def test_the_kubernetes_api_gives_a_server_that_has_the_labels(token: str) -> None:
    with serving(cluster()) as there:
        agones = provider(there, token_file=token, namespace="games", port="default")
        assert await agones.allocate("us-east-1", "duel") == "203.0.113.7:7000"
        [asked] = there.asked
        labels = {"agones.dev/fleet": "duel", "region": "us-east-1"}
        assert asked["spec"] == {"selectors": [{"matchLabels": labels}]}
        with pytest.raises(NoServer, match="UnAllocated"):
            await agones.allocate("us-east-1", "duel")
        assert not agones.release("203.0.113.7:7000"), "there is no call for that"
        await agones.close()


async def test_the_first_port_is_told_if_none_is_named_and_a_missing_one_is_said(token: str) -> None:
    with serving(cluster(2)) as there:
        agones = provider(there, token_file=token)
        assert await agones.allocate("us-east-1", "duel") == "203.0.113.7:7001"
        await agones.close()
        agones = provider(there, token_file=token, port="voice")
        with pytest.raises(NoServer, match="no port called 'voice'"):
            await agones.allocate("us-east-1", "duel")
        await agones.close()


async def test_the_allocator_wants_a_client_certificate(tmp_path: Path) -> None:
    make_certificates(tmp_path)
    with serving(cluster(), tmp_path) as there:
        files = {name: str(tmp_path / file) for name, file in (("ca_file", "ca.crt"), ("cert_file", "client.crt"))}
        agones = provider(there, api="allocator", key_file=str(tmp_path / "client.key"), port="default", **files)
        assert await agones.allocate("us-east-1", "duel") == "203.0.113.7:7000"
        assert there.asked[0]["namespace"] == "default"
        with pytest.raises(NoServer, match="no ready game server"):
            await agones.allocate("us-east-1", "duel")
        await agones.close()
        stranger = provider(there, api="allocator", ca_file=str(tmp_path / "ca.crt"))
        with pytest.raises(NoServer, match="/gameserverallocation"):
            await stranger.allocate("us-east-1", "duel")
        await stranger.close()
        # Whose certificate is by nobody we know is not asked at all.
        deceived = provider(there, api="allocator")
        with pytest.raises(NoServer, match="certificate verify failed"):
            await deceived.allocate("us-east-1", "duel")
        await deceived.close()


@pytest.mark.parametrize(
    ("more", "why"),
    [({"token_file": "/nowhere"}, "token_file"), ({}, "status 401"), ({"url": "http://127.0.0.1:9"}, "127.0.0.1:9")],
)
async def test_what_is_wrong_is_said_without_secrets(more: dict[str, str], why: str) -> None:
    with serving(cluster()) as there:
        agones = AgonesProvider(Agones(**{"url": there.url, **more}), timeout_s=5)
        with pytest.raises(NoServer, match=why):
            await agones.allocate("us-east-1", "duel")
        await agones.close()


def test_a_certificate_that_cannot_be_read_is_said() -> None:
    with pytest.raises(NoServer, match="cert_file"):
        AgonesProvider(Agones(url="https://a", cert_file="/nowhere", key_file="/nowhere"), 5)


async def test_players_get_an_agones_server_and_a_reserve_is_kept(tmp_path: Path, token: str) -> None:
    with serving(cluster(5, broken=1, contention=1)) as there:
        agones = {"url": there.url, "selector": SELECTOR, "token_file": token, "port": "default"}
        publish(tmp_path, provider="agones", agones=agones, servers={}, attempts=5, reserve=1, timeout_s=20)
        async with running(tmp_path) as service:
            told = await ended(service, play(service, "ann"), play(service, "bob"))
            assert told[0]["server"] == told[1]["server"]
            await until(lambda: service.allocation.ready() == {("us-east-1", "duel"): 1})
            assert sum(server.allocated for server in there.servers) == 2
            more = await ended(service, play(service, "cat"), play(service, "dan"))
            assert more[0]["server"] != told[0]["server"]


async def test_when_no_server_is_ready_nobody_is_lost(tmp_path: Path, token: str) -> None:
    with serving(cluster(0)) as there:
        agones = {"url": there.url, "selector": SELECTOR, "token_file": token}
        publish(tmp_path, provider="agones", agones=agones, servers={}, attempts=1, wait_s=0.2)
        async with running(tmp_path) as service:
            ann, bob = play(service, "ann"), play(service, "bob")
            await until(lambda: service.counts["requeued"] >= 4)
            assert "UnAllocated" in service.allocation.error
            there.servers += cluster().servers
            await ended(service, ann, bob)
    assert service.counts["assigned"] == 2
