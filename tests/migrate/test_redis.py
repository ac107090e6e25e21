"""Importing from a real Redis."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import configedge
from configedge.cli.processes import start_relay
from tests.cli.shell import call, run
from tests.control.test_policies import NO, named, push_policies
from tests.migrate.running import Migrate, write_map
from tests.support.access import guarded
from tests.support.control import Control, document, running
from tests.support.legacy import Redis
from tests.support.policies import module
from tests.support.relay import wait_for


def test_strings_hashes_and_json_become_one_commit_with_their_types(
    control: Control, legacy: Redis, tmp_path: Path
) -> None:
    legacy.client.mset(
        {"mm:max_ping_ms": "80", "mm:ranked": "true", "mm:weight": "1.50", "mm:version": "1.10", "mm:zip": "00123"}
        | {"mm:limits": '{"party": 5, "modes": ["duel", "team"]}', "mm:score": "3.5", "mm:name": "eu west"}
    )
    legacy.client.hset("mm:regions:eu", mapping={"weight": "1.5", "open": "true", "host": "10.0.0.1"})
    legacy.client.set("other:thing", "1")
    wanted = write_map(tmp_path, {"prefix": "mm:", "bundle": "typed/matchmaking", "types": {"weight": "number"}})
    migrate = Migrate(control, "redis", legacy.url, "--map", wanted)
    before = control.tip()
    told = migrate.dry()
    assert control.tip() == before and "dry run: would be committed" in told
    rows = {line.split()[2]: line.split() for line in told.splitlines() if line.startswith("+ ")}
    assert rows["max_ping_ms"][3:] == ["integer", "inferred", "80", "mm:max_ping_ms"]
    assert rows["weight"][3:6] == ["number", "by", "the"] and rows["version"][3] == "string"
    assert "to be written back as it is, the map needs forms: {limits: json}" in told
    migrate.commit("-m", "From the old Redis")
    assert migrate.values("typed/matchmaking") == {
        "limits": {"party": 5, "modes": ["duel", "team"]},
        "max_ping_ms": 80,
        "name": "eu west",
        "ranked": True,
        "score": 3.5,
        "version": "1.10",
        "weight": 1.5,
        "zip": "00123",
        "regions": {"eu": {"weight": 1.5, "open": True, "host": "10.0.0.1"}},
    }
    [newest] = control.http.get("/v1/history", params={"limit": 1}).json()["items"]
    assert "From the old Redis" in newest["message"]
    assert "nothing changes" in run("migrate", "redis", legacy.url, "--map", wanted, server=control.url)
    assert legacy.text("mm:weight") == "1.50", "nothing is written to Redis"


def test_a_change_is_shown_by_key_and_nobody_who_says_no_is_imported(
    control: Control, legacy: Redis, tmp_path: Path
) -> None:
    wanted = write_map(tmp_path, {"prefix": "c:", "bundle": "changed/shop"})
    migrate = Migrate(control, "redis", legacy.url, "--map", wanted)
    legacy.client.mset({"c:price": "10", "c:open": "true", "c:same": "x"})
    migrate.commit()
    legacy.client.mset({"c:price": "12.5", "c:new": "1"})
    legacy.client.delete("c:open")
    before = control.tip()
    done = call("migrate", "redis", legacy.url, "--map", wanted, server=control.url, stdin="n\n")
    assert done.returncode == 1 and control.tip() == before
    assert (
        "10 -> 12.5" in done.stdout and "+  changed/shop  new" in done.stdout and "=  changed/shop  same" in done.stdout
    )
    assert "TYPE CHANGED" in done.stdout and "key of another type" in done.stdout
    migrate.commit()
    assert migrate.values("changed/shop") == {"price": 12.5, "open": True, "same": "x", "new": 1}
    assert "DELETED" in migrate.dry("--replace")
    migrate.commit("--replace")
    assert migrate.values("changed/shop") == {"price": 12.5, "same": "x", "new": 1}


def test_what_the_bundle_has_beside_it_stays(control: Control, legacy: Redis, tmp_path: Path) -> None:
    schema = {"type": "object", "properties": {"legacy": {"properties": {"price": {"type": "integer", "maximum": 50}}}}}
    control.put("kept/shop", document({"own": True, "legacy": {"price": 1, "old": 2}}, schema))
    wanted = write_map(tmp_path, {"prefix": "k:", "bundle": "kept/shop", "at": "legacy"})
    migrate = Migrate(control, "redis", legacy.url, "--map", wanted)
    legacy.client.set("k:price", "20")
    migrate.commit("--replace")
    assert migrate.values("kept/shop") == {"own": True, "legacy": {"price": 20}}
    legacy.client.set("k:price", "99")
    said = migrate.refused()
    assert "spec.values.legacy.price" in said and "it is from k:price" in said and "50" in said


def test_what_a_policy_says_names_the_legacy_key(control: Control, legacy: Redis, tmp_path: Path) -> None:
    short = "(if (i32.lt_u (local.get 1) (i32.const 2000)) (then (return (i64.const 0))))"
    push_policies(control, tmp_path / "work", {"rule": module(NO, short)})
    assert control.put("policed/shop", named({"limit": 1}, "rule")).status_code == 200
    legacy.client.mset({"q:limit": "2", "q:other": "long" * 1000})
    legacy.client.set("r:thing", "1")
    wanted = write_map(
        tmp_path, {"prefix": "q:", "bundle": "policed/shop"}, {"prefix": "r:", "bundle": "policed/another"}
    )
    said = Migrate(control, "redis", legacy.url, "--map", wanted).refused()
    assert "spec.values.limit: it never fits (policy rule); it is from q:limit" in said
    assert "nothing was imported" in said


def test_keys_that_expire_are_told_and_left_out(control: Control, legacy: Redis, tmp_path: Path) -> None:
    legacy.client.set("e:limit", "1")
    legacy.client.set("e:cache", "2", ex=500)
    migrate = Migrate(control, "redis", legacy.url, "--prefix", "e:", "--bundle", "expiring/x")
    assert "left out: e:cache: it expires in" in migrate.dry()
    reply = migrate.commit()
    assert [one["name"] for one in reply["left_out"]] == ["e:cache"]
    assert migrate.values("expiring/x") == {"limit": 1}
    migrate.commit("--take-expiring")
    assert migrate.values("expiring/x") == {"limit": 1, "cache": 2}


def test_what_cannot_be_a_value_is_refused_by_name_all_of_it_at_once(
    control: Control, legacy: Redis, tmp_path: Path
) -> None:
    legacy.client.set("b:binary", b"\xff\x00\xfe")
    legacy.client.hset("b:hash", mapping={"field": b"\x80", "a b": "1"})
    legacy.client.set(b"b:\xffname", "1")
    legacy.client.rpush("b:queue", "a")
    legacy.client.sadd("b:set", "a")
    legacy.client.set("b:eu west", "1")
    legacy.client.set("b:long", "x" * ((1 << 20) + 1))
    legacy.client.set("b:", "1")
    said = Migrate(control, "redis", legacy.url, "--prefix", "b:", "--bundle", "bad/x").refused()
    for name in ("b:binary", "b:hash field", r"b:\xffname", "b:queue", "b:set", "b:eu west", "b:long", "b:hash: 'a b'"):
        assert any(name in line for line in said.splitlines()), (name, said)
    assert "is a list" in said and "is a set" in said and "binary" in said and "skip:" in said and "keys:" in said
    wanted = write_map(
        tmp_path,
        {"prefix": "b:", "bundle": "bad/x", "keys": {"b:eu west": "regions.eu-west"}},
        skip=["b:binary", "b:h*", "b:queue", "b:set", "b:long", "b:"],
    )
    legacy.client.delete(b"b:\xffname")
    migrate = Migrate(control, "redis", legacy.url, "--map", wanted)
    migrate.commit()
    assert migrate.values("bad/x") == {"regions": {"eu-west": 1}}


def test_keys_that_collide_are_refused_with_both_names(control: Control, legacy: Redis, tmp_path: Path) -> None:
    legacy.client.mset({"x:a": "1", "x:a:b": "2", "y-c": "3", "x:c": "4"})
    legacy.client.hset("x:h", mapping={"f": "1"})
    legacy.client.set("x:h:f", "2")
    wanted = write_map(
        tmp_path, {"prefix": "x:", "bundle": "clash/x"}, {"prefix": "y-", "bundle": "clash/x", "separator": ""}
    )
    said = Migrate(control, "redis", legacy.url, "--map", wanted).refused()
    assert "x:a:b: it collides with x:a: a is a value, and a.b would lie in it" in said
    assert "both are clash/x c" in said and "both are clash/x h.f" in said


def test_what_looks_like_a_secret_is_hidden_marked_and_warned_of(
    control: Control, legacy: Redis, tmp_path: Path
) -> None:
    legacy.client.mset({"s:db_password": "canary-1", "s:url": "postgres://u:canary-2@db/x", "s:token_bucket": "5"})
    legacy.client.mset({"s:api_token": "canary-3", "s:pin": "canary-4"})
    rule = {"prefix": "s:", "bundle": "secret/x", "secrets": ["pin", "api_token"], "public": ["token_bucket"]}
    migrate = Migrate(control, "redis", legacy.url, "--map", write_map(tmp_path, rule))
    told = migrate.dry()
    assert "canary" not in told
    assert "db_password: it looks like a secret" in told and "url: it looks like a secret" in told
    assert "pin: it looks" not in told and "api_token: it looks" not in told
    migrate.commit()
    annotations = control.get("secret/x").json()["document"]["metadata"]["annotations"]
    assert set(annotations["configedge.io/secret"].split(", ")) == {"db_password", "url", "api_token", "pin"}
    assert "canary" not in control.http.get("/v1/history").text and "canary" not in control.log.read_text()


def test_a_redis_that_is_away_or_wants_a_password_is_told_without_it(
    control: Control, legacy: Redis, tmp_path: Path
) -> None:
    options = ("--bundle", "away/x")
    for url in ("redis://:canary@127.0.0.1:1/0", "http://:canary@x", "redis://:canary@[", "canary"):
        said = Migrate(control, "redis", url, *options).refused(code=2)
        assert "canary" not in said and "Redis" in said
    legacy.client.config_set("requirepass", "hush")
    try:
        assert "Authentication required" in Migrate(control, "redis", legacy.url, *options).refused(code=2)
        variable = {"CONFIGEDGE_LEGACY_REDIS": f"redis://:hush@127.0.0.1:{legacy.port}/0"}
        said = Migrate(control, "redis").refused(*options, env=variable)
        assert "nothing that the map is for" in said
    finally:
        legacy.client.auth("hush")
        legacy.client.config_set("requirepass", "")


def test_one_says_where_it_goes(control: Control, legacy: Redis, tmp_path: Path) -> None:
    assert "either --map" in Migrate(control, "redis", legacy.url).refused(code=2)
    wanted = write_map(tmp_path, {"bundle": "a/b"})
    assert "either --map" in Migrate(control, "redis", legacy.url, "--map", wanted, "--bundle", "a/b").refused(code=2)
    wanted.write_text("kind: Other\n")
    assert "map.yaml" in Migrate(control, "redis", legacy.url, "--map", wanted).refused(code=2)


def test_many_keys_are_read_in_pages_and_each_once(control: Control, legacy: Redis) -> None:
    pipe = legacy.client.pipeline()
    for number in range(4_000):
        pipe.set(f"n:{number // 100}:{number}", number)
        pipe.set(f"elsewhere:{number}", number)
    pipe.execute()
    migrate = Migrate(control, "redis", legacy.url, "--prefix", "n:", "--bundle", "many/x")
    assert len(migrate.commit()["values"]) == 4_000
    assert migrate.values("many/x")["39"]["3999"] == 3999


def test_all_as_strings(control: Control, legacy: Redis) -> None:
    legacy.client.mset({"t:a": "3", "t:b": "true", "t:c": "[1]"})
    migrate = Migrate(control, "redis", legacy.url, "--prefix", "t:", "--bundle", "strings/x", "--strings")
    migrate.commit()
    assert migrate.values("strings/x") == {"a": "3", "b": "true", "c": "[1]"}


def test_a_protected_bundle_is_proposed(legacy: Redis, tmp_path: Path) -> None:
    legacy.client.set("p:price", "3")
    rule = {"namespace": "game", "prefix": "shop", "key": "price", "approvals": 1}
    with guarded(tmp_path / "plane", protected=[rule]) as plane:
        authorization = plane.admin.headers["Authorization"]
        variable = {"CONFIGEDGE_TOKEN": authorization.removeprefix("Bearer ")}
        source = ("migrate", "redis", legacy.url, "--prefix", "p:", "--bundle", "game/shop")
        said = run(*source, "--yes", server=plane.control.url, env=variable)
        assert "proposed" in said
        [proposal] = plane.admin.get("/v1/proposals").json()["items"]
        assert proposal["bundles"] == ["game/shop"]


def test_a_service_reads_what_was_imported(legacy: Redis, tmp_path: Path) -> None:
    spool, out = tmp_path / "spool", tmp_path / "out"
    legacy.client.set("live:price", "7")
    with running(tmp_path / "repo", "--spool", str(spool)) as control:
        Migrate(control, "redis", legacy.url, "--prefix", "live:", "--bundle", "game/shop").commit()
        relay = start_relay(spool, out, tmp_path / "relay.log")
        try:
            relay.ready()
            cfg = configedge.open(out, wait=20)
            wait_for(lambda: cfg.get("shop.price") == 7)
        finally:
            relay.stop()


def test_redisjson_is_read_where_the_server_has_it(control: Control, legacy: Redis) -> None:
    if "ReJSON" not in json.dumps(legacy.client.module_list(), default=str):
        pytest.skip("this redis-server has no RedisJSON")
    legacy.client.json().set("j:doc", "$", {"a": [1, "1"]})
    migrate = Migrate(control, "redis", legacy.url, "--prefix", "j:", "--bundle", "json/x")
    migrate.commit()
    assert migrate.values("json/x") == {"doc": {"a": [1, "1"]}}
