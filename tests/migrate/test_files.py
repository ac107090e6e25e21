"""Importing from a directory, from exports of Consul and etcd, and from files of flags."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from tests.migrate.running import Migrate, write_map
from tests.support.control import Control


def b64(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def save(file: Path, content: Any) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def test_a_directory_of_every_kind_of_file(control: Control, tmp_path: Path) -> None:
    root = tmp_path / "config"
    save(root / "matchmaking.yaml", "max_ping_ms: 80\nregions:\n  eu: &eu {weight: 1.5}\n  us: {<<: *eu, open: true}\n")
    save(root / "game/shop.json", '{"price": 10, "names": ["a"]}')
    save(root / "game/limits.toml", 'party = 5\nsince = 2026-01-02\n[deep]\nratio = 0.5\nbuild = "1.10"\n')
    save(
        root / "game/.env",
        '# comment\nexport MAX_PING=80\nNAME="two words"\nZIP=00123\nREF=${HOME}\nEMPTY=\nSKIPPED=1\n',
    )
    save(root / "skipped.json", "{broken")
    save(root / "prod.env", "DEBUG=false\n")
    save(root / "README.md", "no configuration")
    save(root / ".git/config.yaml", "a: 1")
    (root / "link.yaml").symlink_to("/etc/hostname")
    (root / "inside.yaml").symlink_to("matchmaking.yaml")
    wanted = write_map(
        tmp_path,
        {"prefix": "matchmaking", "bundle": "files/matchmaking"},
        {"prefix": "game/", "bundle": "files/game"},
        {"prefix": "prod/", "bundle": "files/game", "at": "prod"},
        skip=["*/SKIPPED", "skipped"],
    )
    migrate = Migrate(control, "directory", root, "--map", wanted)
    told = migrate.dry()
    assert "left out: README.md" in told and "left out: inside.yaml" in told and "link.yaml" not in told
    assert "skipped" not in told.lower()
    migrate.commit()
    assert migrate.values("files/matchmaking") == {
        "max_ping_ms": 80,
        "regions": {"eu": {"weight": 1.5}, "us": {"weight": 1.5, "open": True}},
    }
    assert migrate.values("files/game") == {
        "MAX_PING": 80,
        "NAME": "two words",
        "ZIP": "00123",
        "REF": "${HOME}",
        "EMPTY": "",
        "limits": {"party": 5, "since": "2026-01-02", "deep": {"ratio": 0.5, "build": "1.10"}},
        "shop": {"price": 10, "names": ["a"]},
        "prod": {"DEBUG": False},
    }


def test_what_yaml_is_unsure_of_is_told(control: Control, tmp_path: Path) -> None:
    save(tmp_path / "c/m.yaml", "answer: yes\nmode: 010\nat: 1:30\nday: 2026-01-02\nquoted: 'yes'\nnone: ~\n")
    migrate = Migrate(control, "directory", tmp_path / "c", "--bundle", "yaml/x")
    told = migrate.dry()
    assert told.count("readers of YAML 1.1 take") == 4 and "m.yaml:1:" in told and "'yes' for a bool" in told
    migrate.commit()
    expected = {"answer": "yes", "mode": "010", "at": "1:30", "day": "2026-01-02", "quoted": "yes", "none": None}
    assert migrate.values("yaml/x") == {"m": expected}


@pytest.mark.parametrize(
    ("file", "content", "told"),
    [
        ("a.yaml", "a: [1\n", "a.yaml:2"),
        ("a.yaml", "a: 1\na: 2\n", "there twice"),
        ("a.yaml", "1: x\n", "is no text"),
        ("a.yaml", "a: .nan\n", "no number in JSON"),
        ("a.yaml", "a: !!python/object:os.system x\n", "a.yaml:1"),
        ("a.yaml", "a: &a [*a]\n", "a.yaml"),
        ("a.json", '{"a": 1, "a": 2}', "there twice"),
        ("a.toml", "a = \n", "a.toml"),
        ("a.env", "NAME\n", "NAME has no value"),
        ("a.yaml", "bad key: 1\n", "cannot be a part of a key"),
        ("a.yaml", "just text\n", ""),
    ],
)
def test_a_broken_file_is_named(control: Control, tmp_path: Path, file: str, content: str, told: str) -> None:
    save(tmp_path / "c" / file, content)
    migrate = Migrate(control, "directory", tmp_path / "c", "--bundle", "broken/x")
    if not told:
        migrate.commit()
        assert migrate.values("broken/x") == {"a": "just text"}
        return
    done = migrate.dry(code=1 if "cannot be" in told or "NAME" in told else 2)
    assert told in done and "Traceback" not in done


def test_aliases_that_multiply_are_refused(control: Control, tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    save(tmp_path / "c/bomb.yaml", "\n".join(lines))
    migrate = Migrate(control, "directory", tmp_path / "c", "--bundle", "bomb/x")
    assert "more than 200,000 values" in migrate.refused(code=2)


def test_an_export_of_consul(control: Control, tmp_path: Path) -> None:
    export = [
        {"key": "config/mm/", "flags": 0, "value": ""},
        {"key": "config/mm/max_ping_ms", "flags": 0, "value": b64("80")},
        {"key": "config/mm/regions/eu", "flags": 0, "value": b64('{"weight": 1.5}')},
        {"key": "config/mm/empty", "flags": 0, "value": ""},
        {"key": "vault/x", "flags": 0, "value": b64("1")},
    ]
    file = save(tmp_path / "kv.json", export)
    migrate = Migrate(control, "consul", file, "--prefix", "config/mm/", "--bundle", "consul/mm")
    assert "left out: vault/x" in migrate.dry()
    migrate.commit()
    assert migrate.values("consul/mm") == {"max_ping_ms": 80, "regions": {"eu": {"weight": 1.5}}, "empty": ""}
    save(file, [{"key": "config/mm/bin", "value": b64(b"\xff")}])
    assert "config/mm/bin: its value is binary" in migrate.refused()
    save(file, [{"key": "config/mm/bin", "value": "***"}])
    assert "no base64" in migrate.refused(code=2)
    save(file, {"not": "it"})
    assert "consul kv export" in migrate.refused(code=2)


def test_an_export_of_etcd(control: Control, tmp_path: Path) -> None:
    kvs = [
        {"key": b64("/mm/max_ping_ms"), "create_revision": 2, "mod_revision": 2, "version": 1, "value": b64("80")},
        {"key": b64("/mm/ranked"), "create_revision": 3, "mod_revision": 3, "version": 1, "value": b64("true")},
        {"key": b64("/mm/lock"), "version": 1, "value": b64("1"), "lease": 7587},
        {"key": b64("/mm/empty"), "version": 1},
    ]
    file = save(tmp_path / "etcd.json", {"header": {"revision": 4}, "kvs": kvs, "count": 4})
    migrate = Migrate(control, "etcd", file, "--prefix", "/mm/", "--bundle", "etcd/mm")
    assert "left out: /mm/lock: it has a lease" in migrate.dry()
    migrate.commit("--take-expiring")
    assert migrate.values("etcd/mm") == {"max_ping_ms": 80, "ranked": True, "lock": 1, "empty": ""}
    save(file, {"header": {}, "kvs": kvs, "count": 99, "more": True})
    assert "is cut off" in migrate.refused(code=2)
    save(file, {"header": {}, "kvs": [{"key": b64(b"/mm/\xff"), "value": ""}], "count": 1})
    assert "its key is no UTF-8" in migrate.refused()


FLAGD = {
    "$schema": "https://flagd.dev/schema/v0/flags.json",
    "$evaluators": {"staff": {"ends_with": [{"var": "email"}, "@x.example"]}},
    "flags": {
        "new-ui": {"state": "ENABLED", "variants": {"on": True, "off": False}, "defaultVariant": "on", "targeting": {}},
        "colour": {"state": "ENABLED", "variants": {"r": "red", "b": "blue"}, "defaultVariant": "b"},
        "limits": {"state": "ENABLED", "variants": {"a": {"party": 5}}, "defaultVariant": "a"},
        "beta": {
            "state": "ENABLED",
            "variants": {"on": True, "off": False},
            "defaultVariant": "off",
            "targeting": {"if": [{"$ref": "staff"}, "on", {"fractional": [["on", 10], ["off", 90]]}]},
        },
        "gone": {"state": "DISABLED", "variants": {"on": True}, "defaultVariant": "on"},
        "codes": {"state": "ENABLED", "variants": {"on": True}, "defaultVariant": None},
    },
}


def test_flags_of_flagd_with_one_value_are_imported_and_the_others_are_named(control: Control, tmp_path: Path) -> None:
    file = save(tmp_path / "flags.flagd.json", FLAGD)
    migrate = Migrate(control, "flagd", file, "--bundle", "flagd/flags")
    told = migrate.dry()
    assert "left out: beta: targeting: if, $ref, fractional" in told and "left out: $evaluators.staff" in told
    assert "left out: gone: it is disabled" in told and "left out: codes: it has no default variant" in told
    migrate.commit()
    plain = {"new-ui": True, "colour": "blue", "limits": {"party": 5}}
    assert migrate.values("flagd/flags") == plain
    [newest] = control.http.get("/v1/history", params={"limit": 1}).json()["items"]
    assert "left out: beta, gone, codes, $evaluators.staff" in newest["message"]
    reply = migrate.commit("--defaults")
    assert migrate.values("flagd/flags") == {**plain, "beta": False}
    assert "its rules (targeting: if" in next(one["why"] for one in reply["left_out"] if one["name"] == "beta")


def flag(on: bool = True, **more: Any) -> dict[str, Any]:
    plain = {"variations": ["a", "b"], "offVariation": 1, "fallthrough": {"variation": 0}, "on": on, "version": 3}
    return {**plain, "rules": [], "targets": [], "prerequisites": [], **more}


def test_flags_of_launchdarkly(control: Control, tmp_path: Path) -> None:
    flags = {
        "plain": flag(),
        "off": flag(on=False, rules=[{"variation": 0}]),
        "ruled": flag(rules=[{"variation": 1}, {"variation": 0}], targets=[{"values": ["u"], "variation": 1}]),
        "rolled": flag(fallthrough={"rollout": {"variations": [{"variation": 0, "weight": 100000}]}}),
        "nothing": flag(on=False, offVariation=None),
        "deleted": flag(deleted=True),
    }
    content = {"flagValues": {"simple": 3, "text": "true"}, "flags": flags, "segments": {"staff": {}}}
    file = save(tmp_path / "ld.json", content)
    migrate = Migrate(control, "launchdarkly", file, "--bundle", "ld/flags")
    told = migrate.dry()
    assert "left out: ruled: targeting: 2 rules, 1 targets (--defaults" in told
    assert "left out: rolled: targeting: a percentage rollout" in told and "left out: segments.staff" in told
    assert "left out: nothing: it is off without" in told and "left out: deleted: it is deleted" in told
    migrate.commit()
    assert migrate.values("ld/flags") == {"simple": 3, "text": "true", "plain": "a", "off": "b"}
    migrate.commit("--defaults")
    assert migrate.values("ld/flags")["ruled"] == "a" and "rolled" not in migrate.values("ld/flags")
    save(file, {"path": "/", "data": {"flags": {"enveloped": flag()}, "segments": {}}})
    migrate.commit("--replace")
    assert migrate.values("ld/flags") == {"enveloped": "a"}
    written = save(tmp_path / "ld.yaml", "flagValues:\n  from.yaml: 1\n")
    Migrate(control, "launchdarkly", written, "--bundle", "ld/flags").commit()
    assert migrate.values("ld/flags") == {"enveloped": "a", "from": {"yaml": 1}}
    save(file, {"other": 1})
    assert "neither flags nor flagValues" in migrate.refused(code=2)


def test_a_key_comes_back_only_if_that_is_wanted(control: Control, tmp_path: Path) -> None:
    file = save(tmp_path / "ld.json", {"flagValues": {"once": 1, "stays": 2}})
    migrate = Migrate(control, "launchdarkly", file, "--bundle", "ld/again", "--replace")
    migrate.commit()
    save(file, {"flagValues": {"stays": 2}})
    migrate.commit()
    save(file, {"flagValues": {"once": 1, "stays": 2}})
    assert "--revive" in migrate.refused()
    migrate.commit("--revive")
    assert migrate.values("ld/again") == {"once": 1, "stays": 2}
