"""An import from start to end: what a source has is shown, reviewed, and committed, or proposed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from configedge.cli.client import DEFAULT_SERVER, Client, Refused, Server, TokenFile, Unusable
from configedge.cli.options import DryRun, Message, Revive, bundle_path
from configedge.cli.output import (
    REFUSED,
    AsJson,
    Cell,
    Styled,
    Yes,
    ask,
    fail,
    fail_with,
    line,
    note,
    printable,
    short,
    show_json,
    table,
)

if TYPE_CHECKING:
    from configedge.migrate.documents import Now
    from configedge.migrate.harvest import Harvest
    from configedge.migrate.map import LegacyMap
    from configedge.migrate.plan import Plan


@dataclass(frozen=True, slots=True)
class Import:
    """The options that all imports have."""

    map: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="Which legacy key is which key of which bundle.", dir_okay=False),
    ] = None
    bundle: Annotated[
        str | None,
        typer.Option("--bundle", metavar="NAMESPACE/NAME", help="Without a map: all of it into this bundle."),
    ] = None
    prefix: Annotated[str, typer.Option(help="Without a map: only keys that begin so; it is cut off.")] = ""
    strings: Annotated[bool, typer.Option("--strings", help="Infer no types: every text stays a string.")] = False
    replace: Annotated[
        bool,
        typer.Option("--replace", help="Delete what the bundles have under the map's rules and the source has not."),
    ] = False
    message: Message = None
    revive: Revive = False
    yes: Yes = False
    dry_run: DryRun = False
    as_json: AsJson = False
    server: Server = DEFAULT_SERVER
    token_file: TokenFile = None

    def run(self, separator: str, read: Callable[[LegacyMap], Harvest]) -> None:
        """Reads the source and brings it in. `separator` is between the segments of its keys, unless the map says else.

        Ends the command with exit code 1 if something of it cannot be imported, is refused, or the user says no.
        """
        from configedge.bundle import BundleError
        from configedge.migrate.harvest import SourceError
        from configedge.migrate.plan import make

        legacy = self._legacy(separator)
        try:
            harvest = read(legacy)
        except SourceError as error:
            raise Unusable(str(error)) from None
        plan = make(harvest, legacy)
        _show_left_out(harvest, plan, self.as_json)
        if plan.problems:
            fail_with(plan.problems)
        if not plan.rows:
            fail(f"{harvest.source} has nothing that the map is for; nothing was imported", REFUSED)
        try:
            self._bring_in(harvest, plan, legacy)
        except BundleError as error:
            fail_with(error.problems)
        except Refused as refused:
            _fail_refused(refused, plan)

    def _legacy(self, separator: str) -> LegacyMap:
        """The map that was given, or the one rule that was."""
        from configedge.migrate.map import LegacyMap, MapError, Rule

        if (self.map is None) == (self.bundle is None):
            raise Unusable("give either --map FILE or --bundle NAMESPACE/NAME")
        if self.map is None:
            path = bundle_path(self.bundle or "")
            if path.layer:
                raise Unusable(f"{self.bundle} is an overlay; import into the bundle, and change overlays afterwards")
            return LegacyMap((Rule(self.prefix, path, separator, infer=not self.strings),))
        if self.prefix:
            raise Unusable("--prefix is for --bundle; in a map each rule has its own")
        try:
            legacy = LegacyMap.load(self.map, separator)
        except MapError as error:
            raise Unusable(str(error)) from None
        rules = tuple(replace(rule, infer=rule.infer and not self.strings) for rule in legacy.rules)
        return replace(legacy, rules=rules)

    def _bring_in(self, harvest: Harvest, plan: Plan, legacy: LegacyMap) -> None:
        from configedge.cli import changes, changeset
        from configedge.cli.changeset import How
        from configedge.cli.proposal_view import show_waiting
        from configedge.migrate.documents import existing, operations

        client = Client(self.server, self.token_file)
        now = existing(client, plan)
        if not self.as_json:
            _show_values(plan, now)
        wanted = operations(now, plan, legacy, self.replace)
        how = How(self.message or _message(harvest, plan), True, self.revive)
        reply = changeset.commit(client, wanted, how)
        if not self.as_json:
            changes.show_effects(reply)
        changes.show_dangers(reply, err=self.as_json)
        propose = bool(reply.get("needs_approvals"))
        write = reply["changed"] and not self.dry_run
        if write:
            if not ask("Propose it for approval?" if propose else "Commit it?", self.yes):
                fail("nothing was imported", REFUSED)
            send = changeset.propose if propose else changeset.commit
            reply = send(client, wanted, replace(how, dry_run=False))
        if self.as_json:
            show_json({**_as_dict(harvest, plan), "reply": reply})
        elif write and propose:
            show_waiting(reply)
        elif reply["changed"]:
            changeset.show_outcome(reply)
        else:
            line("nothing changes: the control plane has all of it")


def _fail_refused(refused: Refused, plan: Plan) -> NoReturn:
    """Names the legacy key of each problem that has one."""
    from configedge.migrate.documents import refusals

    if not refused.problems:
        raise refused
    advice = str(refused).splitlines()[len(refused.problems) :]
    for told in (*map(str, refusals(refused, plan)), *advice):
        typer.echo(told, err=True)
    fail("nothing was imported", REFUSED)


def _show_values(plan: Plan, now: Now) -> None:
    """Every value: what becomes of it, its type, who says so, and where it is from."""
    from configedge.bundle import dump_json
    from configedge.migrate.documents import MISSING, value_now

    rows: list[tuple[Cell, ...]] = []
    for row in plan.rows:
        before = value_now(now, row)
        told = short(row.value, _VALUE)
        if before is MISSING:
            sign = Styled("+", "green")
        elif dump_json(before) == dump_json(row.value):
            sign = Styled("=", "dim")
        else:
            sign, told = Styled("~", "cyan"), f"{short(before, _VALUE)} -> {told}"
        value = _HIDDEN if row.secret else told
        rows.append((sign, str(row.bundle), row.key, Styled(row.type, "cyan"), _HOW[row.how], value, short(row.legacy)))
    table(("", "bundle", "key", "type", "", "value", "from"), rows)


def _show_left_out(harvest: Harvest, plan: Plan, as_json: bool) -> None:
    for left in harvest.left_out:
        line(Styled("left out: ", "bold yellow"), printable(f"{left.name}: {left.why}"), err=as_json)
    for warning in plan.warnings:
        note(f"warning: {printable(warning)}")


_HIDDEN, _VALUE = "(secret)", 40
_HOW = {"inferred": "inferred", "map": "by the map", "source": "as it is"}


def _as_dict(harvest: Harvest, plan: Plan) -> dict[str, Any]:
    values = [
        {
            "bundle": str(row.bundle),
            "key": row.key,
            "type": row.type,
            "type_from": row.how,
            "from": row.legacy,
            "secret": row.secret,
            **({} if row.secret else {"value": row.value}),
        }
        for row in plan.rows
    ]
    left_out = [{"name": left.name, "why": left.why} for left in harvest.left_out]
    return {"source": harvest.source, "values": values, "left_out": left_out, "warnings": plan.warnings}


def _message(harvest: Harvest, plan: Plan) -> str:
    told = f"Import {len(plan.rows)} values from {harvest.source}"
    if harvest.left_out:
        told += f"; left out: {', '.join(left.name for left in harvest.left_out)}"
    return printable(told)[:1_000]
