"""The arithmetic of a Deployment: how many pods each of its ReplicaSets should have next. Pure functions.

These are the decisions of Kubernetes' Deployment controller: a rolling update keeps at least `replicas - maxUnavailable` pods available and
never has more than `replicas + maxSurge`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the Deployment asks for."""

    replicas: int
    strategy: Literal["RollingUpdate", "Recreate"] = "RollingUpdate"
    max_surge: int | str = "25%"
    max_unavailable: int | str = "25%"
    paused: bool = False
    observed_replicas: int = 0
    """status.replicas, the base of proportions where a ReplicaSet has no annotation."""

    @property
    def surge(self) -> int:
        """Pods allowed above the wanted number."""
        return 0 if self.strategy == "Recreate" else resolve(self.max_surge, self.replicas, up=True)

    @property
    def unavailable(self) -> int:
        """Pods that may be missing; at least one where no surge is allowed."""
        if self.strategy == "Recreate" or self.replicas == 0:
            return 0
        missing = resolve(self.max_unavailable, self.replicas, up=False)
        return min(self.replicas, missing if missing or self.surge else 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Generation:
    """One ReplicaSet of the Deployment."""

    name: str
    replicas: int
    """spec.replicas."""
    available: int
    created: datetime
    desired: int | None = None
    """The Deployment's size when this ReplicaSet was last scaled by it."""
    limit: int | None = None
    """The largest number of pods the Deployment allowed then."""
    pods: int = 0
    """Pods that still hold resources: running or on their way out."""


@dataclass(frozen=True, slots=True)
class Scale:
    """A ReplicaSet is to have another size."""

    name: str
    replicas: int


@dataclass(frozen=True, slots=True)
class Step:
    """What to do now."""

    scale: tuple[Scale, ...] = ()
    create_new: int | None = None
    """Create the new ReplicaSet with this size."""


NOTHING = Step()


def next_step(wanted: Wanted, new: Generation | None, old: Sequence[Generation]) -> Step:
    """The next change, given the ReplicaSet of the present template, if there is one, and all others."""
    everything = [*old, new] if new else list(old)
    if wanted.paused or _was_resized(wanted, everything):
        return Step(_resize(wanted, new, old))
    if wanted.strategy == "Recreate":
        return _recreate(wanted, new, old)
    if new is None:
        return Step(create_new=_new_size(wanted, 0, old))
    return Step(_grow_new(wanted, new, everything) or _shrink_old(wanted, new, old))


def resolve(bound: int | str, total: int, *, up: bool) -> int:
    """A number of pods from a number or a percentage, rounded up for surge and down for unavailability."""
    if isinstance(bound, int):
        return bound
    share = total * int(bound.removesuffix("%"))
    return -(-share // 100) if up else share // 100


def _was_resized(wanted: Wanted, everything: Iterable[Generation]) -> bool:
    return any(each.desired is not None and each.desired != wanted.replicas for each in everything if each.replicas > 0)


def _recreate(wanted: Wanted, new: Generation | None, old: Sequence[Generation]) -> Step:
    down = tuple(Scale(each.name, 0) for each in old if each.replicas > 0)
    if down:
        return Step(down)
    if any(each.pods for each in old):
        return NOTHING
    if new is None:
        return Step(create_new=wanted.replicas)
    return Step((Scale(new.name, wanted.replicas),)) if new.replicas != wanted.replicas else NOTHING


def _new_size(wanted: Wanted, current: int, everything: Iterable[Generation]) -> int:
    """The size the new ReplicaSet may grow to at once."""
    room = wanted.replicas + wanted.surge - sum(each.replicas for each in everything)
    return current + min(room, wanted.replicas - current) if room > 0 else current


def _grow_new(wanted: Wanted, new: Generation, everything: Sequence[Generation]) -> tuple[Scale, ...]:
    size = wanted.replicas if new.replicas > wanted.replicas else _new_size(wanted, new.replicas, everything)
    return (Scale(new.name, size),) if size != new.replicas else ()


def _shrink_old(wanted: Wanted, new: Generation, old: Sequence[Generation]) -> tuple[Scale, ...]:
    """First the pods that serve nobody, then as many as availability allows; oldest ReplicaSets first."""
    if not any(each.replicas for each in old):
        return ()
    needed = wanted.replicas - wanted.unavailable
    total = new.replicas + sum(each.replicas for each in old)
    may_go = total - needed - (new.replicas - new.available)
    if may_go <= 0:
        return ()
    sizes = {each.name: each.replicas for each in old}
    by_age = sorted(old, key=lambda each: each.created)
    for each in by_age:
        count = min(may_go, each.replicas - each.available)
        if count > 0:
            sizes[each.name] -= count
            may_go -= count
    spare = new.available + sum(each.available for each in old) - needed
    for each in by_age:
        count = min(max(spare, 0), sizes[each.name])
        sizes[each.name] -= count
        spare -= count
    return tuple(Scale(each.name, sizes[each.name]) for each in old if sizes[each.name] != each.replicas)


def _resize(wanted: Wanted, new: Generation | None, old: Sequence[Generation]) -> tuple[Scale, ...]:
    """The Deployment has another size than before: the only active ReplicaSet takes it, several share it by their sizes."""
    single = _active_or_latest(new, old)
    if single is not None:
        return (Scale(single.name, wanted.replicas),) if single.replicas != wanted.replicas or single.desired != wanted.replicas else ()
    if new is not None and new.replicas == new.desired == new.available == wanted.replicas:
        return tuple(Scale(each.name, 0) for each in old if each.replicas > 0)
    if wanted.strategy != "RollingUpdate":
        return ()
    return _share(wanted, [each for each in (*old, new) if each is not None and each.replicas > 0])


def _active_or_latest(new: Generation | None, old: Sequence[Generation]) -> Generation | None:
    active = [each for each in (*old, new) if each is not None and each.replicas > 0]
    if len(active) == 1:
        return active[0]
    if active:
        return None
    return new or max(old, key=lambda each: each.created, default=None)


def _share(wanted: Wanted, active: Sequence[Generation]) -> tuple[Scale, ...]:
    allowed = wanted.replicas + wanted.surge if wanted.replicas else 0
    to_add = allowed - sum(each.replicas for each in active)
    newest_first = sorted(active, key=lambda each: each.created, reverse=to_add > 0)
    by_size = sorted(newest_first, key=lambda each: -each.replicas)
    sizes: dict[str, int] = {}
    added = 0
    for each in by_size:
        part = _proportion(wanted, each, to_add, added)
        sizes[each.name] = each.replicas + part
        added += part
    sizes[by_size[0].name] = max(0, sizes[by_size[0].name] + to_add - added)
    return tuple(
        Scale(each.name, sizes[each.name]) for each in active if sizes[each.name] != each.replicas or each.desired != wanted.replicas
    )


def _proportion(wanted: Wanted, each: Generation, to_add: int, added: int) -> int:
    """This ReplicaSet's part of what is to be added or taken away, by its part of the size before."""
    if to_add == 0 or to_add == added:
        return 0
    if wanted.replicas == 0:
        fraction = -each.replicas
    else:
        before = each.limit or wanted.observed_replicas or each.replicas
        fraction = math.floor(each.replicas * (wanted.replicas + wanted.surge) / before + 0.5) - each.replicas
    left = to_add - added
    return min(fraction, left) if to_add > 0 else max(fraction, left)
