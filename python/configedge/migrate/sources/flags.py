"""Flag files of flagd and LaunchDarkly: a flag that has one value for everybody is that value.

What depends on who asks has no plain value. Such a flag is left out and told by name and reason; with `defaults` it is
imported with what it gives to those whom no rule is for, and its rules are told all the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from configedge.migrate.harvest import Found, Harvest, SourceError
from configedge.migrate.map import LegacyMap
from configedge.migrate.sources import files


class _NoPlainValue(Exception):
    """Why. With `default`, one value is for those whom no rule is for."""

    def __init__(self, why: str, *default: Any) -> None:
        super().__init__(why)
        self.default = default


def read_flagd(file: Path, legacy: LegacyMap, defaults: bool) -> Harvest:
    """flagd's definitions: https://flagd.dev/schema/v0/flags.json. Raises SourceError."""
    harvest, content = _open(file)
    flags = content.get("flags")
    if isinstance(flags, list):
        flags = {str(one.get("key")): one for one in flags if isinstance(one, dict)}
    if not isinstance(flags, dict):
        raise SourceError(f"{file} has no flags; give a file of flag definitions for flagd")
    for name, flag in flags.items():
        _take(harvest, legacy, name, flag, _flagd_value, defaults)
    for name in _members(content, "$evaluators", file):
        harvest.leave_out(f"$evaluators.{name}", "a targeting rule that flags share")
    return harvest


def read_launchdarkly(file: Path, legacy: LegacyMap, defaults: bool) -> Harvest:
    """What the SDKs read from files (`flagValues`, `flags`, `segments`) or get from the server. Raises SourceError."""
    harvest, content = _open(file)
    content = content["data"] if isinstance(content.get("data"), dict) else content
    if not content.keys() & {"flags", "flagValues"}:
        raise SourceError(f"{file} has neither flags nor flagValues; give a file of flags for LaunchDarkly's SDKs")
    for name, value in _members(content, "flagValues", file).items():
        _add(harvest, legacy, name, value)
    for name, flag in _members(content, "flags", file).items():
        _take(harvest, legacy, name, flag, _launchdarkly_value, defaults)
    for name in _members(content, "segments", file):
        harvest.leave_out(f"segments.{name}", "a set of users that rules refer to")
    return harvest


def _flagd_value(flag: Mapping[str, Any]) -> Any:
    variants, default = flag.get("variants"), flag.get("defaultVariant")
    if flag.get("state") == "DISABLED":
        raise _NoPlainValue("it is disabled, so services use the default in their code")
    if not isinstance(variants, dict):
        raise _NoPlainValue("it has no variants")
    known = (variants[default],) if isinstance(default, str) and default in variants else ()
    if flag.get("targeting"):
        raise _NoPlainValue(f"targeting: {_words(flag['targeting'])}", *known)
    if not known:
        raise _NoPlainValue("it has no default variant, so services use the default in their code")
    return known[0]


def _launchdarkly_value(flag: Mapping[str, Any]) -> Any:
    if flag.get("deleted") or flag.get("archived"):
        raise _NoPlainValue("it is deleted or archived")
    variations = flag.get("variations")
    if not isinstance(variations, list):
        raise _NoPlainValue("it has no variations")

    def variation(number: Any) -> tuple[Any, ...]:
        return (variations[number],) if type(number) is int and 0 <= number < len(variations) else ()

    if not flag.get("on"):
        if not (off := variation(flag.get("offVariation"))):
            raise _NoPlainValue("it is off without a variation, so services use the default in their code")
        return off[0]
    through = flag.get("fallthrough")
    through = through if isinstance(through, dict) else {}
    rest = variation(through.get("variation"))
    kinds = ("rules", "targets", "contextTargets", "prerequisites")
    whom = [f"{len(flag[kind])} {kind}" for kind in kinds if isinstance(flag.get(kind), list) and flag[kind]]
    if through.get("rollout"):
        whom.append("a percentage rollout")
    if whom:
        raise _NoPlainValue(f"targeting: {', '.join(whom)}", *rest)
    if not rest:
        raise _NoPlainValue("it is on without a variation for everybody")
    return rest[0]


def _take(
    harvest: Harvest,
    legacy: LegacyMap,
    name: str,
    flag: Any,
    value_of: Callable[[Mapping[str, Any]], Any],
    defaults: bool,
) -> None:
    if not isinstance(flag, dict):
        harvest.refuse(name, "flag", "it is no flag", "give the file as it was exported")
        return
    try:
        _add(harvest, legacy, name, value_of(flag))
    except _NoPlainValue as why:
        if defaults and why.default:
            _add(harvest, legacy, name, why.default[0])
            harvest.leave_out(name, f"its rules ({why}); its default is imported")
        else:
            more = " (--defaults imports what it gives to all others)" if why.default else ""
            harvest.leave_out(name, f"{why}{more}")


def _add(harvest: Harvest, legacy: LegacyMap, name: str, value: Any) -> None:
    if legacy.place(name) is not None:
        harvest.add(Found(name, value, typed=True))
    elif not legacy.skips(name):
        harvest.leave_out(name, "no rule of the map is for it")


def _words(targeting: Any) -> str:
    """The operations of a rule of JsonLogic, outermost first."""
    words, left = dict[str, None](), [targeting]
    while left and len(words) < 5:
        one = left.pop(0)
        if isinstance(one, dict):
            words |= dict.fromkeys(str(name) for name in one)
            left += one.values()
        elif isinstance(one, list):
            left += one
    return ", ".join(words)


def _members(content: Mapping[str, Any], name: str, file: Path) -> Mapping[str, Any]:
    member = content.get(name) or {}
    if not isinstance(member, dict):
        raise SourceError(f"{file}: {name} is no object; give the file as it was exported")
    return member


def _open(file: Path) -> tuple[Harvest, dict[str, Any]]:
    harvest = Harvest(str(file))
    content = files.load(file, harvest.warnings.append)
    if not isinstance(content, dict):
        raise SourceError(f"{file} is no object; give a file of flags")
    return harvest, content
