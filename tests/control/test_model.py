"""The whole of it against a model: documents, a line of commits, deleted keys. Whatever is done, both say the same.

PROOFS=long runs 300 sequences of 50 steps, and not 6 of 30.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from configedge.bundle import BundlePath, to_yaml
from tests.support.control import Control, document, git
from tests.support.relay import wait_for

LONG = os.environ.get("PROOFS") == "long"
EXAMPLES, STEPS = (300, 50) if LONG else (6, 30)

Values = dict[str, Any]
Documents = dict[str, Values]
"""By `namespace/name`, or `namespace/name@layer`."""

BUNDLES = ("game/a", "game/b", "shop/a")
LAYERS = ("prod", "prod.eu")
bundles = st.sampled_from(BUNDLES)
layers = st.sampled_from(LAYERS)
keys = st.sampled_from("abcd")
values = st.dictionaries(keys, st.integers(0, 3)).map(lambda some: {"n": 0, **some})
patches = st.dictionaries(keys, st.none() | st.integers(0, 3), min_size=1)
some_overlay = st.dictionaries(keys, st.none() | st.integers(0, 3), min_size=1)


def texts(documents: Documents) -> dict[str, str]:
    """The order of the keys is a part of what an operator wrote."""
    return {name: json.dumps(one) for name, one in documents.items()}


class Refused(Exception):
    """The model's answer; the statuses that say so."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = statuses


class Model:
    """What must be. Commits are numbered by when they were made."""

    def __init__(self) -> None:
        self.commits: list[str] = []
        self.states: list[Documents] = []
        self.stones: dict[str, set[str]] = {}

    @property
    def now(self) -> Documents:
        return self.states[-1]

    def after(
        self, changes: Mapping[str, Values | None], revive: bool = False
    ) -> tuple[Documents, dict[str, set[str]]]:
        """The documents and deleted keys after some are others, or gone. Raises Refused."""
        documents, stones = dict(self.now), {name: set(some) for name, some in self.stones.items()}
        for name, new in changes.items():
            old = documents.pop(name, None)
            if new is not None:
                documents[name] = new
            if "@" in name:
                continue
            known = stones.setdefault(name, set())
            added = (new or {}).keys() - (old or {}).keys()
            if added & known and not revive:
                raise Refused(422)
            known -= added
            known |= (old or {}).keys() - (new or {}).keys()
        if any("@" in name and name.partition("@")[0] not in documents for name in documents):
            raise Refused(409)
        return documents, stones

    def committed(self, commit: str, after: tuple[Documents, dict[str, set[str]]]) -> None:
        documents, self.stones = after
        if texts(documents) != texts(self.now):
            assert commit not in self.commits
            self.commits.append(commit)
            self.states.append(documents)
        assert commit == self.commits[-1]

    def effective(self, bundle: str, layer: str) -> Values:
        result = dict(self.now[bundle])
        for above in ("prod", "prod.eu")[: 1 + layer.count(".")]:
            for key, value in self.now.get(f"{bundle}@{above}", {}).items():
                if value is None:
                    result.pop(key, None)
                else:
                    result[key] = value
        return result

    def diff(self, old: int, new: int) -> dict[str, set[tuple[str, str]]]:
        found = {}
        before, after = self.states[old], self.states[new]
        for name in before.keys() | after.keys():
            was, now = before.get(name), after.get(name)
            if was is None or now is None:
                found[name] = {("", "added" if was is None else "removed")}
            elif was != now:
                found[name] = {
                    (key, "added" if key not in was else "removed" if key not in now else "changed")
                    for key in was.keys() | now.keys()
                    if key not in was or key not in now or was[key] != now[key]
                }
        return found


def url_of(name: str) -> str:
    bundle, _, layer = name.partition("@")
    return f"/v1/bundles/{bundle}" + (f"/overlays/{layer}" if layer else "")


def named(told: Mapping[str, Any]) -> str:
    return f"{told['namespace']}/{told['name']}" + (f"@{told['layer']}" if told["layer"] else "")


class Machine(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._directory = tempfile.TemporaryDirectory()
        self._root = Path(self._directory.name)
        self._start()
        self.model = Model()
        self.model.commits.append(self.control.tip())
        self.model.states.append({})
        self._texts: dict[str, str] = {}
        """By ETag: the same text has the same, and another has another."""
        self._last: tuple[httpx2.Request, str] | None = None
        self._sent = 0

    def _start(self) -> None:
        self.control = Control(self._root / "repo", "--rate", "0,0")

    def teardown(self) -> None:
        if sys.exc_info()[0] is None:
            self.what_nodes_get_is_the_models()
            self.deleted_keys_are_the_models()
        self.control.close()
        git(self._root / "repo", "fsck", "--strict", "--no-dangling")
        self._directory.cleanup()

    # What there is to ask and to send

    def etag(self, name: str) -> str | None:
        told = self.control.http.get(url_of(name))
        return str(told.json()["etag"]) if told.status_code == 200 else None

    def require(self, name: str) -> dict[str, str]:
        etag = self.etag(name)
        return {"If-Match": f'"{etag}"'} if etag else {"If-None-Match": "*"}

    def send(self, method: str, url: str, body: Any, headers: Mapping[str, str], **params: Any) -> httpx2.Response:
        self._sent += 1
        more = {"Content-Type": "application/json", **headers, "Idempotency-Key": f"key-{self._sent}"}
        content = json.dumps(body).encode() if body is not None else b""
        request = self.control.http.build_request(method, url, content=content, headers=more, params=params)
        answer = self.control.http.send(request)
        if answer.status_code == 200 and answer.json()["commit"] not in self.model.commits:
            self._last = (request, answer.json()["commit"])
        return answer

    def expect(self, answer: httpx2.Response, changes: Mapping[str, Values | None], revive: bool = False) -> None:
        """The answer is the model's, and the model goes on."""
        try:
            after = self.model.after(changes, revive)
        except Refused as refused:
            assert answer.status_code in refused.statuses, answer.text
            return
        assert answer.status_code == 200, answer.text
        assert answer.json()["changed"] is (texts(after[0]) != texts(self.model.now))
        self.model.committed(answer.json()["commit"], after)

    # What operators do

    @rule(name=bundles, new=values, revive=st.booleans())
    def put(self, name: str, new: Values, revive: bool) -> None:
        answer = self.send("PUT", url_of(name), document(new), self.require(name), revive=revive)
        self.expect(answer, {name: new}, revive)

    @rule(name=bundles, patch=patches, revive=st.booleans())
    def merge(self, name: str, patch: Values, revive: bool) -> None:
        headers = {"Content-Type": "application/merge-patch+json", "If-Match": f'"{self.etag(name) or "0" * 40}"'}
        answer = self.send("PATCH", url_of(name), {"spec": {"values": patch}}, headers, revive=revive)
        if name not in self.model.now:
            assert answer.status_code == 404, answer.text
            return
        merged = {**self.model.now[name], **patch}
        self.expect(answer, {name: {key: value for key, value in merged.items() if value is not None}}, revive)

    @rule(name=bundles, key=keys, value=st.none() | st.integers(0, 3), revive=st.booleans())
    def json_patch(self, name: str, key: str, value: int | None, revive: bool) -> None:
        headers = {"Content-Type": "application/json-patch+json", "If-Match": f'"{self.etag(name) or "0" * 40}"'}
        change: dict[str, Any] = {"op": "remove"} if value is None else {"op": "add", "value": value}
        # Going back may end at what was written at once.
        n = self.model.now.get(name, {}).get("n", 0)
        patch = [{"op": "test", "path": "/spec/values/n", "value": n}, {**change, "path": f"/spec/values/{key}"}]
        answer = self.send("PATCH", url_of(name), patch, headers, revive=revive)
        if name not in self.model.now:
            assert answer.status_code == 404, answer.text
            return
        new = dict(self.model.now[name])
        if value is None and key not in new:
            assert answer.status_code == 422, answer.text
            return
        if value is None:
            del new[key]
        else:
            new[key] = value
        self.expect(answer, {name: new}, revive)

    @rule(name=bundles)
    def delete(self, name: str) -> None:
        if name in self.model.now:
            self.expect(self.send("DELETE", url_of(name), None, self.require(name)), {name: None})

    @rule(name=bundles, layer=layers, new=some_overlay)
    def put_overlay(self, name: str, layer: str, new: Values) -> None:
        overlay = f"{name}@{layer}"
        self.expect(self.send("PUT", url_of(overlay), document(new), self.require(overlay)), {overlay: new})

    @rule(name=bundles, layer=layers)
    def delete_overlay(self, name: str, layer: str) -> None:
        overlay = f"{name}@{layer}"
        if overlay in self.model.now:
            self.expect(self.send("DELETE", url_of(overlay), None, self.require(overlay)), {overlay: None})

    @rule(
        wanted=st.dictionaries(
            st.sampled_from([*BUNDLES, *(f"{name}@{layer}" for name in BUNDLES for layer in LAYERS)]),
            st.none() | values,
            min_size=2,
            max_size=4,
        ),
        revive=st.booleans(),
    )
    def change_set(self, wanted: Documents, revive: bool) -> None:
        there = {name: new for name, new in wanted.items() if new is not None or name in self.model.now}
        if not there:
            return
        changes = [
            {"bundle": name, "op": "delete", "if_match": self.etag(name)}
            if new is None
            else {"bundle": name, "op": "put", "document": document(new), "if_match": self.etag(name)}
            for name, new in there.items()
        ]
        answer = self.send("POST", "/v1/changes", {"changes": changes}, {}, revive=revive)
        self.expect(answer, there, revive)

    @rule(name=bundles, back=st.integers(0, 8))
    def roll_back(self, name: str, back: int) -> None:
        to = max(0, len(self.model.commits) - 1 - back)
        then = self.model.states[to]
        body = {"to": self.model.commits[to], "overlays": True}
        answer = self.send("POST", f"{url_of(name)}/rollback", body, self.require(name))
        if name not in self.model.now and name not in then:
            assert answer.status_code == 404, answer.text
            return
        every = (name, *(f"{name}@{layer}" for layer in LAYERS))
        self.expect(answer, {one: then.get(one) for one in every}, revive=True)

    @rule(back=st.integers(0, 8))
    def roll_all_back(self, back: int) -> None:
        to = max(0, len(self.model.commits) - 1 - back)
        headers = {"If-Match": f'"{self.model.commits[-1]}"'}
        answer = self.send("POST", "/v1/rollback", {"to": self.model.commits[to]}, headers)
        then = self.model.states[to]
        self.expect(answer, {one: then.get(one) for one in self.model.now.keys() | then.keys()}, revive=True)

    @rule(name=bundles, new=values)
    def write_what_is_stale(self, name: str, new: Values) -> None:
        stale = {"If-None-Match": "*"} if name in self.model.now else {"If-Match": f'"{"0" * 40}"'}
        assert self.send("PUT", url_of(name), document(new), stale).status_code == 412
        moved = self.send("POST", "/v1/rollback", {"to": self.model.commits[0]}, {"If-Match": f'"{"0" * 40}"'})
        assert moved.status_code == 412

    @rule(name=bundles)
    def write_at_once(self, name: str) -> None:
        if name not in self.model.now:
            return
        require = self.require(name)
        news = [{**self.model.now[name], "n": 100 + n} for n in range(4)]
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda new: self.send("PUT", url_of(name), document(new), require), news))
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
        [(answer, new)] = [pair for pair in zip(answers, news, strict=True) if pair[0].status_code == 200]
        self.expect(answer, {name: new})
        # Back to what the other rules count on.
        self.expect(
            self.send("PUT", url_of(name), document({**new, "n": 0}), self.require(name)), {name: {**new, "n": 0}}
        )

    @precondition(lambda self: self._last is not None)
    @rule()
    def repeat(self) -> None:
        assert self._last is not None
        request, commit = self._last
        again = self.control.http.send(
            self.control.http.build_request(
                request.method,
                self.control.url + request.url.raw_path.decode(),
                content=request.content,
                headers={name: value for name, value in request.headers.items() if name != "host"},
            )
        )
        assert again.status_code == 200 and again.json()["repeated"], again.text
        assert again.json()["commit"] == commit

    @rule(name=bundles, layer=st.just("") | layers, new=values)
    def push(self, name: str, layer: str, new: Values) -> None:
        if name not in self.model.now:
            layer = ""
        path = BundlePath.parse(f"{name}@{layer}" if layer else name)
        work = self._root / "work"
        if not work.exists():
            git(self._root, "clone", "-q", "-b", "main", "repo", "work")
        git(work, "fetch", "-q", "origin", "main")
        git(work, "reset", "-q", "--hard", "FETCH_HEAD")
        file = work / path.git
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(to_yaml(document(new, name=path.name, namespace=path.namespace)))
        git(work, "add", "-A")
        if git(work, "status", "--porcelain") == "":
            return
        git(work, "commit", "-q", "-m", "By hand")
        git(work, "push", "-q", "origin", "HEAD:main")
        self.model.commits.append(git(work, "rev-parse", "HEAD"))
        self.model.states.append({**self.model.now, str(path): new})
        self._rendered()

    def _rendered(self) -> None:
        """After a push: a commit follows it if what nodes get is another."""

        def is_rendered() -> bool:
            return all(
                json.dumps(self._in_git(name, layer)) == json.dumps(self.model.effective(name, layer))
                for name in BUNDLES
                if name in self.model.now
                for layer in {one.partition("@")[2] for one in self.model.now if "@" in one}
            )

        wait_for(is_rendered)
        follows = git(self._root / "repo", "rev-list", "--reverse", f"{self.model.commits[-1]}..main").split()
        assert len(follows) <= 1
        for commit in follows:
            self.model.commits.append(commit)
            self.model.states.append(self.model.now)

    def _in_git(self, name: str, layer: str) -> Any:
        place = f"main:rendered/{layer}"
        repo = self._root / "repo"
        if f"{name}.yaml" not in git(repo, "ls-tree", "-r", "--name-only", "main", f"rendered/{layer}/"):
            return None
        return yaml.safe_load(git(repo, "show", f"{place}/{name}.yaml"))["spec"]["values"]

    @rule()
    def kill(self) -> None:
        self.control.close()
        self._start()

    # What both must say

    @invariant()
    def documents_are_the_models(self) -> None:
        items = self.control.http.get("/v1/bundles").json()["items"]
        assert {f"{one['namespace']}/{one['name']}" for one in items} == {
            one for one in self.model.now if "@" not in one
        }
        for item in items:
            name = f"{item['namespace']}/{item['name']}"
            assert item["layers"] == sorted(
                one.partition("@")[2] for one in self.model.now if one.startswith(f"{name}@")
            )
            for one in (name, *(f"{name}@{layer}" for layer in item["layers"])):
                told = self.control.http.get(url_of(one)).json()
                assert told["document"]["spec"]["values"] == self.model.now[one] and told["problems"] == []
                text = json.dumps([name, self.model.now[one]])
                assert self._texts.setdefault(told["etag"], text) == text

    @invariant()
    def history_is_the_models(self) -> None:
        told = self.control.http.get("/v1/history", params={"limit": 1000}).json()
        assert [one["commit"] for one in told["items"]] == self.model.commits[::-1] and told["next"] is None

    @rule()
    def what_nodes_get_is_the_models(self) -> None:
        for name in BUNDLES:
            for layer in LAYERS if name in self.model.now else ():
                where = dict(zip(("environment", "region"), layer.split("."), strict=False))
                told = self.control.http.get(f"/v1/bundles/{name}/effective", params=where).json()
                assert told["values"] == self.model.effective(name, layer), (name, layer)

    @rule()
    def deleted_keys_are_the_models(self) -> None:
        for name in BUNDLES:
            told = self.control.http.get(f"/v1/bundles/{name}/tombstones").json()["items"]
            assert {one["key"] for one in told} == self.model.stones.get(name, set()), name

    @rule(old=st.integers(0, 1000), new=st.integers(0, 1000))
    def diff_is_the_models(self, old: int, new: int) -> None:
        old, new = old % len(self.model.commits), new % len(self.model.commits)
        params = {"from": self.model.commits[old], "to": self.model.commits[new]}
        items = self.control.http.get("/v1/diff", params=params).json()["items"]
        told = {named(item): {(one["key"], one["kind"]) for one in item["changes"]} for item in items}
        # A text may be another where the values are the same: the order of its keys.
        assert {name: changes for name, changes in told.items() if changes} == self.model.diff(old, new)

    @rule(name=bundles, back=st.integers(0, 8))
    def the_past_stays_as_it_was(self, name: str, back: int) -> None:
        at = max(0, len(self.model.commits) - 1 - back)
        told = self.control.http.get(url_of(name), params={"at": self.model.commits[at]})
        then = self.model.states[at].get(name)
        assert (told.json()["document"]["spec"]["values"] if told.status_code == 200 else None) == then


@pytest.mark.timeout(20_000 if LONG else 400)
def test_the_control_plane_does_what_the_model_does() -> None:
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            database=None,
            derandomize=not LONG,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),
        ),
    )
