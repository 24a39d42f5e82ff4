"""The lines that every screen has: where we are, alarms, the last message, the keys."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.views.header import HeaderView
from console.domain.views.lines import BLANK, Line, Span, clip, elided, joined, span, spread, width_of, wrapped
from console.domain.views.marks import Mark
from console.domain.views.words import cells

SMALLEST = (80, 24)
MOST_NOTICE = 3
"""Lines of a message."""
LAST = 3
"""Keys that every screen has: help, commands, quit."""


@dataclass(frozen=True)
class Hint:
    """One key and what it does; greyed with a reason when it cannot be used now."""

    key: str
    label: str
    action: str
    reason: str = ""


def paint_header(view: HeaderView, width: int, height: int) -> tuple[Line, ...]:
    """One line. Where it is narrow the way to this screen goes first, then its name, then the user, then the place is cut."""
    tries = (_header(view, width, " › ".join(view.crumbs[first:])) for first in (0, len(view.crumbs) - 1) if view.crumbs)
    return (next(filter(None, tries), ()) or _header(view, width, "", last=True),)


def _header(view: HeaderView, width: int, crumbs: str, *, last: bool = False) -> Line:
    """The line with these crumbs; empty where user or place would have to give way for them, unless it is the `last` try."""
    right: Line = (span(f"  {crumbs}"), Span(f"  {view.clock} ", "dim")) if crumbs else (Span(f"  {view.clock} ", "dim"),)
    marks: list[Line] = [(Span(f" {mark} ", "alarm"),) for mark in view.marks]
    application: Line = (elided(view.application, 20, "strong"),)
    environment: Line = (Span(view.environment, "title"),)
    room = width - width_of(right) - 2
    for user in dict.fromkeys((view.user, _short_user(view.user), "")) if last else (view.user,):
        fixed = [application, environment, *([(span(user),)] if user else []), *marks]
        left = room - width_of(joined(fixed)) - 3
        if left >= (min(cells(view.place), 18) if last else cells(view.place)):
            place: Line = (elided(view.place, left),)
            parts = [application, environment, place, *([(span(user),)] if user else []), *marks]
            return spread((Span(" "), *joined(parts)), right, width)
    return spread((Span(" "), *joined([environment, *marks, application])), right, width) if last else ()


def paint_alarm(text: str, width: int, height: int) -> tuple[Line, ...]:
    """Above everything else."""
    if not text:
        return ()
    return (clip((Span(" "), Span(Mark.BROKEN.glyph + " ", "alarm"), span(text, "alarm"), Span(" ", "alarm")), width),)


def paint_notice(view: tuple[str, bool], width: int, height: int) -> tuple[Line, ...]:
    """(text, is an error): the last message or what does not work; no line when there is nothing to say."""
    text, error = view
    if not text:
        return ()
    mark = Mark.BROKEN if error else Mark.TO_COME
    rows = wrapped(text, width - 4, tone="broken" if error else "plain")
    starts = (Span(f" {mark.glyph} ", mark.tone), *[Span("   ")] * len(rows))
    return tuple((start, *row) for start, row in zip(starts, rows, strict=False))[:MOST_NOTICE]


def paint_hints(hints: tuple[Hint, ...], width: int, height: int) -> tuple[Line, ...]:
    """Keys at the foot. Where it is narrow those that cannot be used now go first, then from the right; the last three stay."""
    shown = list(hints)
    while width_of(_hints(shown)) > width and len(shown) > LAST:
        own = shown[:-LAST]
        shown.remove(next((hint for hint in reversed(own) if hint.reason), own[-1]))
    return (clip(_hints(shown), width),)


def paint_too_small(size: tuple[int, int, str], width: int, height: int) -> tuple[Line, ...]:
    """The sentence of a terminal that is too small, and how things stand."""
    columns, rows, status = size
    need = f"This terminal has {columns}x{rows} cells, the console needs {SMALLEST[0]}x{SMALLEST[1]}."
    sentences = (need, "Enlarge the window, or use: bluegreen status --watch", "", status)
    return tuple((span(text),) if text else BLANK for text in sentences)


def _hints(hints: list[Hint]) -> Line:
    spans: list[Span] = [Span(" ")]
    for hint in hints:
        off = bool(hint.reason)
        spans.append(Span(hint.key, "disabled" if off else "key", hint.action))
        spans.append(span(f" {hint.label}", "disabled" if off else "plain", hint.action))
        spans.append(Span("  "))
    return tuple(spans[:-1])


def _short_user(user: str) -> str:
    """The last part of `system:serviceaccount:ns:name` or `bob@example.com`."""
    return user.rsplit(":", 1)[-1].split("@", 1)[0]
