"""Everything a run is driven with, as parameters: nothing here is looked up from the process."""

from __future__ import annotations

import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from console.domain.environment import Environment
from console.domain.errors import JournalError
from console.domain.release import Release
from console.domain.runbook import Runbook
from console.engine.action import Bindings, Ports, Registry_
from console.engine.ports import Clock, Cluster, Probes, Registry
from console.journal.errors import JournalUnavailable
from console.journal.journal import Journal
from console.journal.place import Place

Trace = Callable[[str], None]
"""Called with the name of each point between effect and record: `before step.intent traffic.switch`. Tests kill the runner there."""

ResolveRelease = Callable[[str], Awaitable[Release]]
"""A file, a tag or the name of a recorded release to the release; raises BluegreenError."""

Collect = Callable[[Ports, Bindings], Awaitable[Mapping[str, object]]]
"""Saves what explains a failure (logs, events, pod states) into the run's evidence folder; returns what goes into the journal."""

OpenJournal = Callable[[], Awaitable[Journal]]
"""Opens the environment's journal; raises JournalError."""


def no_trace(point: str) -> None:
    """Nobody looks."""


@dataclass(frozen=True, slots=True)
class Host:
    """This process on this machine, so that another can tell whether it lives."""

    name: str
    pid: int
    boot: str


@dataclass(frozen=True)
class Deps:
    """The parts that a runner works with."""

    environment: Environment
    journal: Journal | None
    """None: it cannot be opened. Then only a rollback to the warm slot is driven, with a spool."""
    place: Place
    cluster: Cluster
    probes: Probes
    registry: Registry
    clock: Clock
    actions: Registry_
    runbooks: Mapping[str, Runbook]
    resolve: ResolveRelease
    actor: str
    """Who the API server says we are."""
    host: Host
    trace: Trace = no_trace
    collect: Collect | None = None
    trouble: JournalError | None = None
    """Why there is no journal."""
    open_journal: OpenJournal | None = None
    """Tries once more to open it, for a runner that has waited since it could not."""
    linger: float = 0.05
    """Seconds that an entry which guards no effect may wait for the next one, to be written with it."""
    variables: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    """Environment that commands of the team are given a few names of."""


def no_journal(deps: Deps) -> JournalError:
    """What keeps a run from being recorded, where there is no journal."""
    return deps.trouble or JournalUnavailable("there is no journal")


@cache
def boot_id() -> str:
    """Names this start of the machine: a pid of an earlier one means nothing. Empty where the kernel does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def this_host() -> Host:
    return Host(socket.gethostname(), os.getpid(), boot_id())
