"""One environment from its merged settings: every section is read, every mistake is noted, nothing is guessed."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

from console.document.fields import Fields
from console.document.node import Mapping, Node
from console.document.problems import Place, Problems, Wrong, nearest
from console.document.values import anything, choice, duration, flag, listing, positive_duration, text, whole
from console.domain.environment import ClusterRef, Environment, Protection, Strategy, Waits
from console.domain.ids import SlotName
from console.domain.moments import absolute
from console.settings import names
from console.settings.components import Placed, Setting, components
from console.settings.health import health, urls
from console.settings.metrics import metrics

BLUE_AND_GREEN = (SlotName("blue"), SlotName("green"))
ONLY = (SlotName("main"),)
_STRATEGIES: tuple[Strategy, ...] = ("blue_green", "rolling")
_CONFIRMATIONS: tuple[Literal["key", "name"], ...] = ("key", "name")
_ANY_DAY = datetime(2000, 1, 1, tzinfo=UTC)
_DATABASE = ("host", "name", "port", "user")


@dataclass(frozen=True)
class Read:
    """An environment and what is needed to check it against its neighbours and manifests."""

    environment: Environment
    placed: tuple[Placed, ...]
    named: Place
    promoted_from: Place


def read_environment(node: Mapping, *, folder: Path, file: Path, problems: Problems) -> Read:
    """The environment that `node` describes; usable only when no mistake was noted."""
    with Fields(node, problems) as top:
        name = top.need("environment", names.label, file.stem, hint=f"write environment: {file.stem}")
        if name != file.stem and "environment" in top:
            message = f"the environment {name!r} is in a file called {file.name}"
            problems.error(top.place("environment"), message, f"call the file {name}.yml")
        application = top.need("application", names.label, "", hint="write application: and its name, here or in application.yml")
        strategy = top.take("strategy", choice(_STRATEGIES), Environment.strategy)
        slots = _slots(top, strategy)
        setting = Setting(folder, strategy, slots, top.take("replicas", whole(least=1, most=10_000), None), name, application)
        placed = components(top, setting)
        known = tuple(p.component.name for p in placed)
        queries, limits = metrics(top, strategy)
        environment = Environment(
            name=name, application=application, strategy=strategy, slots=slots, components=tuple(p.component for p in placed),
            cluster=_cluster(top, folder), slot_key=top.take("slot_key", names.label_key, Environment.slot_key),
            urls=urls(top, strategy=strategy, slots=slots, known=known), health=health(top, known),
            prometheus=top.take("prometheus", names.url, ""), metrics=queries, limits=limits,
            waits=_waits(top), protection=_protection(top), promoted_from=top.take("promoted_from", names.label, ""),
            database=_database(top), features={key.text: top.parsed(value, flag, False) for key, value in top.entries("features")},
            resources=_resources(top), rehearsal=top.take("rehearsal", flag, False), source=file,
        )  # fmt: skip
        return Read(environment, placed, top.place("environment"), top.place("promoted_from"))


def _slots(top: Fields, strategy: Strategy) -> tuple[SlotName, ...]:
    default = BLUE_AND_GREEN if strategy == "blue_green" else ONLY
    found = tuple(SlotName(s) for s in top.take("slots", listing(names.slot), tuple(str(s) for s in default)))
    if len(found) == len(set(found)) == len(default):
        return found
    wanted = "two different slots, like [blue, green]" if strategy == "blue_green" else "one slot, like [main]"
    message = f"the strategy {strategy} needs {wanted}, not {len(found)}: {', '.join(found)}"
    top.problems.error(top.place("slots"), message, "change slots, or the strategy")
    return default


def _cluster(top: Fields, folder: Path) -> ClusterRef:
    with top.section("cluster") as fields:
        if "context" not in fields and "kubeconfig" not in fields:
            hint = "write cluster.context, so that a changed current context cannot move it"
            fields.problems.warn(fields.at, "no cluster context is named: kubectl's current context will be used", hint)
        return ClusterRef(
            namespace=fields.need("namespace", names.label, "default", hint="write cluster: and under it namespace:"),
            context=fields.take("context", anything, None),
            kubeconfig=fields.take("kubeconfig", lambda n: folder / os.path.expanduser(text(n)), None),
            server=fields.take("server", names.url, None),
            namespace_uid=fields.take("namespace_uid", anything, None),
            time_zone=fields.take("time_zone", _time_zone, ClusterRef.time_zone),
        )


def _time_zone(node: Node) -> str:
    value = text(node)
    try:
        return value if value == "UTC" else ZoneInfo(value).key
    except (OSError, ValueError, LookupError):
        hint = nearest(value, available_timezones()) or "write it like Europe/Zurich or UTC"
        raise Wrong(f"{value!r} is no time zone of this machine", hint) from None


def _waits(top: Fields) -> Waits:
    with top.section("waits") as fields:
        return Waits(
            ready=fields.take("ready", positive_duration, Waits.ready),
            health=fields.take("health", positive_duration, Waits.health),
            routed=fields.take("routed", positive_duration, Waits.routed),
            verify_after=fields.take("verify_after", duration, Waits.verify_after),
            bake=fields.take("bake", duration, Waits.bake),
            keep_warm=fields.take("keep_warm", _keep_warm, Waits.keep_warm),
            settle=fields.take("settle", duration, Waits.settle),
        )


def _keep_warm(node: Node) -> str:
    """A duration, or a time of day with or without a duration added, without spaces."""
    value = re.sub(r"\s", "", anything(node))
    try:
        absolute(value, now=_ANY_DAY)
    except ValueError:
        raise Wrong(f"{value!r} is neither a duration nor a time of day", "write it like 15m, 09:00 or 09:00+30m") from None
    return value


def _protection(top: Fields) -> Protection:
    with top.section("protection") as fields:
        return Protection(
            confirm=fields.take("confirm", choice(_CONFIRMATIONS), Protection.confirm),
            approvals=fields.take("approvals", whole(most=9), Protection.approvals),
            read_only=fields.take("read_only", flag, Protection.read_only),
            require_reason=fields.take("require_reason", flag, Protection.require_reason),
        )


def _database(top: Fields) -> dict[str, str]:
    with top.section("database") as fields:
        found = {key: fields.take(key, whole(least=1, most=65_535) if key == "port" else text, None) for key in _DATABASE}
    return {key: str(value) for key, value in found.items() if value is not None}


def _resources(top: Fields) -> dict[str, str]:
    with top.section("resources") as fields:
        found = {"cpu": fields.take("cpu", names.cpu, ""), "memory": fields.take("memory", names.memory, "")}
    return {key: value for key, value in found.items() if value}
