"""What a plan would change in each object: its writes are rehearsed by the server, or computed here where that may not be asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

import yaml

from console.domain.change import Change, Write
from console.domain.comparing import Hidden, comparable
from console.domain.errors import PortError
from console.domain.object_diff import DiffView, ObjectDiff, object_diff
from console.domain.patching import CannotCompute, patched
from console.engine.deps import Deps
from console.engine.planner import plan_step, still_ports
from console.engine.start import Request, prepare
from console.engine.still_cluster import StillCluster
from console.engine.tasks import steps_of, title_of

SERVER, HERE = "server dry run", "computed here"
READ_ONLY = "this console is read-only, and a dry run is a write: defaults and admission are not in it"
FOLLOWS = "another step of this plan writes it first"

Found = Mapping[str, Any]


class Rehearsal(Protocol):
    """Objects as the server has them, and as it would make them."""

    async def current(self, kind: str, name: str) -> Found | None: ...
    async def rehearse(self, write: Write) -> Found | None:
        """The server's answer to a dry run; None for a deletion. Raises what the server refuses with."""
        ...


@dataclass
class _Objects:
    """Objects as they are, and as the writes that were looked at make them."""

    rehearsal: Rehearsal
    forbidden: str
    """Why nothing may be rehearsed; empty when it may."""
    seen: dict[tuple[str, str], Found | None] = field(default_factory=dict)
    written: set[tuple[str, str]] = field(default_factory=set)

    async def before(self, write: Write) -> Found | None:
        key = write.kind, write.name
        if key not in self.seen:
            self.seen[key] = await self.rehearsal.current(*key)
        return self.seen[key]


async def diff_of(request: Request, deps: Deps, rehearsal: Rehearsal, *, read_only: bool, now: Callable[[], datetime]) -> DiffView:
    """Plan, then rehearse what each step would write now, in order. Nothing is changed. Raises as `prepare` does."""
    still = replace(deps, cluster=StillCluster(deps.cluster))
    prepared = await prepare(request, still)
    setting = prepared.setting
    ports = still_ports(still)
    steps = [s for s in steps_of(request.runbook, setting.environment, setting.inputs) if s.kind == "do"]
    plans = await asyncio.gather(*(plan_step(step, setting, ports, still) for step in steps))
    objects = _Objects(rehearsal, READ_ONLY if read_only else "")
    found: list[ObjectDiff] = []
    for step, plan in zip(steps, plans, strict=True):
        if isinstance(plan, Change):
            title = title_of(step, setting, deps.actions)
            found += [await _rehearsed(write, title, objects) for write in plan.writes]
    later = tuple(row.title for row in prepared.plan.rows if row.kind == "do" and row.state == "later" and not row.differences)
    return DiffView(prepared.plan.title, tuple(found), now(), later)


async def _rehearsed(write: Write, step: str, objects: _Objects) -> ObjectDiff:
    key = write.kind, write.name
    before = await objects.before(write)
    first, told_by, note, refused = key not in objects.written, SERVER, "", False
    why = objects.forbidden or ("" if first else FOLLOWS)
    after: Found | None = None
    if not why:
        try:
            after = await objects.rehearsal.rehearse(write)
        except PortError as problem:
            refused = problem.status != 403
            why = str(problem)
    if why:
        told_by, note = HERE, f"{'the server would refuse it: ' if refused else ''}{why}"
        try:
            after = patched(before, write)
        except CannotCompute as problem:
            refused, note, after = True, f"{note}; {problem}", before
    objects.seen[key], objects.written = after, objects.written | {key}
    hidden = Hidden()
    texts = _text(comparable(before, hidden)), _text(comparable(after, hidden))
    return object_diff(write.kind, write.name, step=step, before=texts[0], after=texts[1], told_by=told_by, note=note, refused=refused)


def _text(found: Found | None) -> str | None:
    return None if found is None else yaml.safe_dump(dict(found), sort_keys=True, allow_unicode=True, width=160)
