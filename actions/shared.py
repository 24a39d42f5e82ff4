"""What all actions share: parameter types, the defaults of an action's interface, and rules that a person may override by name."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable
from typing import Annotated, Any, Generic, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from actions.writing import put
from console.domain.change import Change, Plan, Write, Written
from console.domain.environment import Environment
from console.domain.ids import SlotName
from console.domain.moments import duration
from console.domain.records import same_image
from console.domain.runbook import Effect
from console.domain.slots import slot_state
from console.domain.world import Kind, World
from console.engine.action import Ports, Task
from console.engine.ports import AccessRule

P = TypeVar("P", bound=BaseModel)
F = TypeVar("F")
T = TypeVar("T")

SWITCH_KINDS: tuple[Kind, ...] = ("Service", "Deployment", "HorizontalPodAutoscaler", "ConfigMap")
"""Enough to judge a switch; the lists of pods and events are long and are left out on the way back."""


def _seconds(value: object) -> object:
    return duration(value).total_seconds() if isinstance(value, str) else value


Seconds = Annotated[float, BeforeValidator(_seconds), Field(ge=0, le=86_400 * 7)]
"""Written as a duration (`30s`, `10m`); seconds in the code."""
SlotWord = Annotated[str, Field(min_length=1, description="preview, previous, active, or a slot's own name")]
Override = Annotated[str, Field(description="names of the rules that a person takes the responsibility for, joined by commas")]


class Params(BaseModel):
    """Parameters of a step; an unknown one is a mistake in the runbook."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SlotParams(Params):
    slot: SlotWord


class Doing(Generic[P, F]):
    """Defaults of an action that changes something: its writes in their order, each guarded, within a minute."""

    name: str
    title: str
    params: type[P]
    effect: Effect = "check_then_act"
    timeout: float = 60.0
    poll: float = 0.5
    neighbours_together: bool = False
    """Neighbouring writes to different objects of one kind need not wait for each other. An object's own writes always do."""

    def deadline(self, task: Task[P]) -> float:
        """Seconds until a `NotYet` becomes a failure."""
        return self.timeout

    def rights(self, task: Task[P]) -> tuple[AccessRule, ...]:
        """What the API server has to allow for its writes."""
        return ()

    async def apply(self, ports: Ports, task: Task[P], change: Change) -> tuple[Written, ...]:
        written: list[Written] = []
        for batch in _neighbours(change.writes) if self.neighbours_together else [[write] for write in change.writes]:
            written += await _all_ended([put(ports, write) for write in batch])
        return tuple(written)


async def _all_ended(writes: Iterable[Awaitable[Written]]) -> list[Written]:
    """Their answers, once the last one is there; then the first failure is raised, and nothing is under way any more."""
    answers = await asyncio.gather(*writes, return_exceptions=True)
    written = [answer for answer in answers if not isinstance(answer, BaseException)]
    for answer in answers:
        if isinstance(answer, BaseException):
            raise answer
    return written


def _neighbours(writes: Iterable[Write]) -> list[list[Write]]:
    """Writes in their order, in batches of one kind and of different objects."""
    batches: list[list[Write]] = []
    for write in writes:
        batch = batches[-1] if batches else []
        if not batch or batch[0].kind != write.kind or write.name in {other.name for other in batch}:
            batches.append(batch := [])
        batch.append(write)
    return batches


class Looking(Generic[P, F]):
    """Defaults of an action that only looks: it is answered by `verify`."""

    name: str
    title: str
    params: type[P]
    effect: Effect = "observe"
    timeout: float = 30.0
    poll: float = 1.0

    def deadline(self, task: Task[P]) -> float:
        """Seconds until a `NotYet` becomes a failure."""
        return self.timeout

    def rights(self, task: Task[P]) -> tuple[AccessRule, ...]:
        """None: it writes nothing."""
        return ()

    def plan(self, facts: F, task: Task[P]) -> Plan:
        return Change(self.title)

    async def apply(self, ports: Ports, task: Task[P], change: Change) -> tuple[Written, ...]:
        return ()


def slot_of(task: Task[P], word: str) -> SlotName:
    """The slot that a word of the runbook means in this run."""
    return task.bindings.slot(word)


def unknown_slot(environment: Environment, slot: SlotName) -> str:
    """Why `slot` cannot be meant; empty when it can."""
    return "" if slot in environment.slots else f"{slot!r} is no slot of {environment.name}: it has {' and '.join(environment.slots)}"


def taken(override: str, rules: str) -> bool:
    """Whether a person named every rule of `rules` (joined by commas; none at all is no permission)."""
    asked = {r.strip() for r in override.split(",") if r.strip()}
    return bool(rules) and set(rules.split(",")) <= asked


def other_release(task: Task[Any], world: World, slot: SlotName) -> tuple[str, ...]:
    """Components of a slot that this run has filled which run something else by now, and whose hand it was."""
    release = task.bindings.release
    if release is None or (slot == task.bindings.active and task.environment.strategy == "blue_green"):
        return ()
    state = slot_state(task.environment, world, slot)
    return tuple(
        f"{c.name} in {slot} runs {c.reference}, {release.name} is {wanted}" + (f": {c.imaged_by} changed it" if c.imaged_by else "")
        for c in state.components
        if c.reference and (wanted := release.images.get(c.name)) and not same_image(wanted, c.reference)
    )


async def uninterrupted(work: Awaitable[T]) -> T:
    """Finish `work` even when the caller is cancelled meanwhile; the cancellation goes on afterwards."""
    running = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not running.done():
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError as asked:
            cancelled = asked
        except Exception:
            break
    if cancelled is not None and not running.cancelled():
        running.exception()
        raise cancelled
    return running.result()
