"""The Overview's lines above and below the slots, and its feed."""

from __future__ import annotations

from dataclasses import dataclass

from console.domain.views.alerts import Alert
from console.domain.views.feed import FeedView
from console.domain.views.lines import Line, Span, clip, column, joined, span, width_of
from console.domain.views.marks import Mark, Tone
from console.domain.views.overview import OverviewView, Verdict
from console.domain.views.words import cells, plural

NARROW = 100
"""Columns below which the verdicts take two lines."""
LEAST_DEPLOY = 20
"""Columns that the deployment needs beside the others."""


@dataclass(frozen=True)
class VerdictsView:
    users: Verdict
    deploy: Verdict
    switch: str
    switch_short: str
    split: bool


@dataclass(frozen=True)
class LinesView:
    way_back: Verdict
    triggers: Verdict
    run: Verdict
    alerts: tuple[Alert, ...]
    most_alerts: int


def verdicts_of(view: OverviewView, *, split: bool) -> VerdictsView:
    return VerdictsView(view.users, view.deploy, view.switch, view.switch_short, split)


def paint_verdicts(view: VerdictsView, width: int, height: int) -> tuple[Line, ...]:
    """`USERS … ▪ DEPLOY … ▪ SWITCH …` on one line; the deployment has a second one where that is too narrow, or users' state long."""
    switch_tone: Tone = "broken" if view.split else "plain"
    users, deploy = _named("USERS", view.users), _named("DEPLOY", view.deploy)
    long: Line = (Span("SWITCH ", "strong"), span(view.switch, switch_tone))
    short: Line = (Span("SWITCH ", "strong"), span(view.switch_short, switch_tone))
    for switch in (long, short) if width >= NARROW else ():
        room = width - 1 - width_of(switch) - width_of(users) - 6
        if room >= min(LEAST_DEPLOY, width_of(deploy)):
            return ((Span(" "), *joined([users, clip(deploy, room), switch])),)
    room = width - width_of(short) - 6
    return ((Span(" "), *joined([clip(users, room), short])), (Span(" "), *clip(deploy, width - 1)))


def paint_lines(view: LinesView, width: int, height: int) -> tuple[Line, ...]:
    """Way back, triggers, run, alerts: one line each, alerts more where there is room."""
    rows = [_row("Way back", view.way_back, width), _row("Triggers", view.triggers, width), _row("Run", view.run, width)]
    return (*rows, *_alerts(view.alerts, view.most_alerts, width))


def paint_feed(view: FeedView, width: int, height: int) -> tuple[Line, ...]:
    """Time, subject, what happened."""
    if view.note:
        return ((span(view.note, "dim"),),)
    subject = min(max((cells(row.subject) for row in view.rows), default=0), width // 4)
    rows: list[Line] = []
    for row in view.rows:
        mark: Line = (Span(row.time + "  ", "dim"), column(row.subject, subject), Span(" " + row.mark.glyph, row.mark.tone))
        rows.append((*mark, Span(" "), *clip((span(row.text),), width - width_of(mark) - 1)))
    if view.left_out:
        rows.append((span(f"and {plural(view.left_out, 'older row')}", "dim"),))
    return tuple(rows)


def _named(name: str, verdict: Verdict) -> Line:
    return (Span(f"{name} ", "strong"), Span(verdict.mark.glyph, verdict.mark.tone), span(f" {verdict.text}"))


def _row(name: str, verdict: Verdict, width: int) -> Line:
    head: Line = (column(f" {name}", 11, "strong"), Span(verdict.mark.glyph, verdict.mark.tone), Span(" "))
    room = width - width_of(head)
    texts = (verdict.text, *verdict.shorter)
    text = next((each for each in texts if cells(each) <= room), texts[-1])
    return (*head, *clip((span(text),), room))


def _alerts(alerts: tuple[Alert, ...], most: int, width: int) -> list[Line]:
    if not alerts:
        return [_row("Alerts", Verdict(Mark.OFF, "none"), width)]
    lines = [_row("Alerts" if n == 0 else "", Verdict(a.mark, a.text), width) for n, a in enumerate(alerts[:most])]
    hidden = len(alerts) - most
    if hidden > 0:
        more: Line = (Span("  "), span(f"and {hidden} more", "waiting"))
        lines[-1] = (*clip(lines[-1], width - width_of(more)), *more)
    return lines
