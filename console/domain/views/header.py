"""Where we are, who we are and what time it is: the line on top of every screen."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.views.state import ConsoleState
from console.domain.views.words import clock


@dataclass(frozen=True)
class HeaderView:
    application: str
    environment: str
    """In capitals, never left out and never shortened."""
    place: str
    """`namespace @ cluster`."""
    user: str
    marks: tuple[str, ...]
    """`REHEARSAL`, `READ-ONLY`."""
    crumbs: tuple[str, ...] = ()
    """The way to this screen: `Overview`, `Pods`."""
    clock: str = ""
    """`02:41 CET`: the zone is said here and nowhere else."""


def header_view(state: ConsoleState, crumbs: tuple[str, ...] = ()) -> HeaderView:
    environment = state.environment
    zone = state.now.astimezone(state.zone).tzname() or "UTC"
    time = f"{clock(state.now, state.zone)} {zone}"
    if environment is None:
        return HeaderView("bluegreen", "NOT CONNECTED", state.connecting, "", (), crumbs, time)
    cluster = environment.cluster
    name = cluster.context or (cluster.server or "").removeprefix("https://") or "the current cluster"
    rehearsal = environment.rehearsal and environment.name.upper() != "REHEARSAL"
    marks = [word for word, holds in (("REHEARSAL", rehearsal), ("READ-ONLY", state.read_only)) if holds]
    return HeaderView(
        environment.application.upper(),
        environment.name.upper(),
        f"{cluster.namespace} @ {name}",
        state.identity,
        tuple(marks),
        crumbs,
        time,
    )
