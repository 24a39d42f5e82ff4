"""One pod in full: why it does not serve, its containers and how they ended last, its conditions, what Kubernetes said of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.pods import SlotPod, Standing, events_by_pod
from console.domain.views.marks import Mark, Tone
from console.domain.views.pods import MARKS, what_it_says
from console.domain.views.state import ConsoleState
from console.domain.views.words import day_and_clock, plural
from console.domain.world import Condition, ContainerState, Event, Pod

MOST_EVENTS = 20


@dataclass(frozen=True, slots=True)
class DetailLine:
    """One fact: what it is about, its mark and a sentence."""

    label: str
    text: str
    mark: Mark | None = None
    tone: Tone = "plain"


@dataclass(frozen=True)
class PodDetail:
    title: str
    lines: tuple[DetailLine, ...] = ()


NOTHING = PodDetail("no pod")


def pod_detail(state: ConsoleState, pod: SlotPod | None) -> PodDetail:
    """Everything that is known of the pod, the cause first."""
    if pod is None:
        return NOTHING
    said = _events(state, pod)
    cause = () if pod.standing is Standing.WELL else (_cause(pod),)
    if pod.pod is None:
        return PodDetail(f"{pod.slot} {pod.component}: no pod", (*cause, *said))
    own = pod.pod
    containers = [line for each in (*_unfinished(own), *own.containers) for line in _container(state, each)]
    return PodDetail(f"pod {own.name}", (*cause, *containers, *said, *_conditions(state, own), _where(state, pod, own)))


def _cause(pod: SlotPod) -> DetailLine:
    final = ", waiting does not heal it" if pod.cause and pod.cause.final else ""
    return DetailLine("cause", what_it_says(pod) + final, MARKS[pod.standing], "strong")


def _unfinished(pod: Pod) -> tuple[ContainerState, ...]:
    """Init containers that hold the pod; those that ended well are history."""
    return tuple(each for each in pod.init_containers if each.state != "terminated" or each.exit_code != 0)


def _container(state: ConsoleState, container: ContainerState) -> list[DetailLine]:
    mark = Mark.WELL if container.ready else Mark.PARTLY if container.state == "running" else Mark.BROKEN
    words = [
        container.state + (f" ({container.reason})" if container.reason else ""),
        "ready" if container.ready else "not ready",
        f"since {_when(state, container.started)}" if container.state == "running" and container.started else "",
        f"exit {container.exit_code}" if container.exit_code is not None else "",
        plural(container.restarts, "restart"),
        _image(container.image),
    ]
    lines = [DetailLine(container.name, ", ".join(word for word in words if word), mark)]
    if container.message:
        lines.append(DetailLine("", _one_line(container.message), tone="dim"))
    if container.last_exit_code is not None or container.last_reason:
        lines.append(DetailLine("last end", _last_end(state, container), Mark.BROKEN if container.last_exit_code else Mark.TO_COME))
    return lines


def _image(image: str) -> str:
    """The reference, of a digest the first figures."""
    name, found, digest = image.partition("@sha256:")
    return f"{name} ({digest[:12]})" if found else name


def _last_end(state: ConsoleState, container: ContainerState) -> str:
    code = f"exit {container.last_exit_code}" if container.last_exit_code is not None else "ended"
    reason = f" ({container.last_reason})" if container.last_reason else ""
    when = f" at {_when(state, container.last_finished)}" if container.last_finished else ""
    return code + reason + when + (f": {_one_line(container.last_message)}" if container.last_message else "")


def _conditions(state: ConsoleState, pod: Pod) -> list[DetailLine]:
    """Each that does not hold by itself, those that hold in one line."""
    failing = [each for each in pod.conditions if each.status != "True"]
    holding = [each.type for each in pod.conditions if each.status == "True"]
    lines = [DetailLine("condition", _condition(state, each), Mark.PARTLY) for each in failing]
    return [*lines, DetailLine("holds", ", ".join(holding), tone="dim")] if holding else lines


def _condition(state: ConsoleState, condition: Condition) -> str:
    since = f" since {_when(state, condition.since)}" if condition.since else ""
    why = ": ".join(word for word in (condition.reason, condition.message) if word)
    return f"{condition.type} is {condition.status}{since}" + (f": {why}" if why else "")


def _where(state: ConsoleState, pod: SlotPod, own: Pod) -> DetailLine:
    words = [
        f"{own.phase}" + (f" ({own.reason}: {_one_line(own.message)})" if own.reason else ""),
        f"node {own.node}" if own.node else "on no node yet",
        own.ip,
        f"made {_when(state, own.meta.created)}" if own.meta.created else "",
        f"by {own.meta.owner}" if own.meta.owner else "",
        f"release {pod.image}" if pod.image else "",
    ]
    return DetailLine("pod", ", ".join(word for word in words if word), tone="dim")


def _events(state: ConsoleState, pod: SlotPod) -> list[DetailLine]:
    world = state.snapshot.world if state.snapshot else None
    if world is None:
        return []
    if "Event" in world.unread:
        return [DetailLine("events", "cannot be read", Mark.UNKNOWN, "dim")]
    if pod.pod is None:
        return [_event(state, each) for each in world.events.values() if each.object_name == pod.name][:MOST_EVENTS]
    found = pod.events or events_by_pod(world).get(pod.name, ())
    return [_event(state, each) for each in found[:MOST_EVENTS]]


def _event(state: ConsoleState, event: Event) -> DetailLine:
    times = f" ({event.count} times)" if event.count > 1 else ""
    mark = Mark.BROKEN if event.type == "Warning" else Mark.TO_COME
    when = _when(state, event.last_seen)
    return DetailLine(when, f"{event.reason}: {_one_line(event.message)}{times}", mark)


def _when(state: ConsoleState, at: datetime | None) -> str:
    """`02:41:07` today, with the day where it was another."""
    if at is None:
        return "?"
    local = at.astimezone(state.zone)
    same_day = local.date() == state.now.astimezone(state.zone).date()
    return local.strftime("%H:%M:%S") if same_day else day_and_clock(at, state.zone, now=state.now)


def _one_line(text: str) -> str:
    return " ⏎ ".join(line.strip() for line in text.splitlines() if line.strip())
