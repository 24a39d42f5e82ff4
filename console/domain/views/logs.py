"""The Logs screen in words: whose lines these are, how many, what is missing; and each line with its time and its pod."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from console.domain.environment import Environment
from console.domain.logs import LogLine, LogPage, LogRequest, LogScope, LogSource
from console.domain.views.log_rows import passes
from console.domain.views.marks import Mark, Tone
from console.domain.views.words import limit, middle, plural

WIDEST_TAG = 24
SINCE: tuple[float | None, ...] = (None, 60.0, 300.0, 900.0, 3600.0)
"""How far back a log can be asked for, by the digits 0 to 4; None: the last lines of each container."""


@dataclass(frozen=True)
class LogsHead:
    """The line above the lines."""

    title: str
    counted: str
    """`1234 lines`, `12 of 1234 lines with “x”`."""
    mark: Mark
    state: str
    """`following`, `paused, 120 new lines`."""
    notes: tuple[tuple[str, Tone], ...] = ()
    """What is missing or waits, the worst first."""


def scope_words(scope: LogScope) -> str:
    """`green backend`, `all slots`, `pod traider-backend-green-7d9f-x2`."""
    if scope.pod:
        return f"pod {scope.pod}" + (f", container {scope.container}" if scope.container else "")
    parts = [scope.slot or "all slots", scope.component or "all components", f"container {scope.container}" if scope.container else ""]
    return ", ".join(part for part in parts if part)


def logs_head(
    page: LogPage | None, request: LogRequest, *, wanted: str, matches: int, paused: bool, newer: int, connected: bool = True
) -> LogsHead:
    """`newer`: lines that came since it was paused."""
    title = ("Previous logs of " if request.previous else "Logs of ") + scope_words(request.scope)
    title += f", last {limit(request.since)}" if request.since is not None else ""
    if page is None:
        return LogsHead(title, "", Mark.TO_COME, "opening" if connected else "not connected yet")
    counted = plural(page.seen, "line")
    if wanted:
        counted = f"{matches} of {plural(len(page.lines), 'line')} with “{wanted}”"
    mark, state = _state(page, request, paused=paused, newer=newer)
    return LogsHead(title, counted, mark, state, _notes(page))


def _state(page: LogPage, request: LogRequest, *, paused: bool, newer: int) -> tuple[Mark, str]:
    if paused:
        return Mark.WAITING, "paused" + (f", {plural(newer, 'new line')}" if newer else "")
    if request.previous:
        done = all(each.state != "opening" for each in page.sources)
        return (Mark.DONE, "read to the end") if done else (Mark.RUNNING, "reading")
    following = sum(each.state == "following" for each in page.sources)
    if following == len(page.sources) and following:
        return Mark.RUNNING, f"following {plural(following, 'container')}"
    return (Mark.RUNNING if following else Mark.OFF), f"following {following} of {plural(len(page.sources), 'container')}"


def _notes(page: LogPage) -> tuple[tuple[str, Tone], ...]:
    """In the order of their weight: what may be missing comes first."""
    notes: list[tuple[str, Tone]] = []
    away = [each for each in page.sources if each.state == "away"]
    if away:
        more = f" (and {len(away) - 1} more)" if len(away) > 1 else ""
        notes.append((f"cannot read {away[0].pod}{more}: {away[0].reason}", "broken"))
    if page.left_out:
        notes.append((f"{plural(page.left_out, 'line')} left out: they came too fast", "waiting"))
    if page.base:
        notes.append((f"{plural(page.base, 'older line')} dropped", "dim"))
    waiting = [each for each in page.sources if each.state == "waiting"]
    if waiting:
        notes.append((f"{waiting[0].pod} waits: {waiting[0].reason}", "waiting"))
    if page.note:
        notes.append((page.note, "waiting"))
    return tuple(notes)


@dataclass(frozen=True)
class Tag:
    """Whose line it is, in a column."""

    text: str
    tone: Tone


def tags_of(sources: Sequence[LogSource], environment: Environment | None) -> tuple[Tag, ...]:
    """As short as tells them apart: slot and component where there are several, the end of the pod's name, the container of a pod."""
    slots, components = {each.slot for each in sources}, {each.component for each in sources}
    pods = {each.pod for each in sources}
    several = len({(each.pod, each.container) for each in sources}) > len(pods)
    words = [
        " ".join(
            part
            for part in (
                each.slot if len(slots) > 1 else "",
                each.component if len(components) > 1 else "",
                each.pod.rsplit("-", 1)[-1] if len(pods) > 1 or not several else "",
                each.container if several else "",
            )
            if part
        )
        for each in sources
    ]
    order = [str(slot) for slot in environment.slots] if environment else []
    tones: list[Tone] = ["slot-2" if each.slot in order and order.index(each.slot) % 2 else "slot-1" for each in sources]
    return tuple(Tag(middle(text, WIDEST_TAG), tone) for text, tone in zip(words, tones, strict=True))


def stamp(line: LogLine, zone: tzinfo) -> str:
    """`02:41:07.123`, in the zone of the header."""
    at = datetime.fromtimestamp(line.at / 1e9, UTC).astimezone(zone)
    return f"{at:%H:%M:%S}.{line.at // 1_000_000 % 1000:03d}"


def saved_text(page: LogPage, head: LogsHead, *, words: tuple[str, ...], wanted: str, server: str) -> str:
    """The page as a file: what it is in the first lines, then each line with its time in UTC and its pod."""
    notes = "".join(f"# {text}\n" for text, _ in head.notes)
    first = f"# {head.title} on {server}\n# {head.counted}" + (f", filter “{wanted}”\n" if wanted else "\n")
    body = (
        f"{datetime.fromtimestamp(line.at // 10**9, UTC):%Y-%m-%dT%H:%M:%S}.{line.at % 10**9:09d}Z "
        f"{page.sources[line.source].pod}/{page.sources[line.source].container} {'# ' if line.notice else ''}{line.text}\n"
        for line in page.lines
        if line.notice or not words or passes(line.text, words)
    )
    return first + notes + "".join(body)
