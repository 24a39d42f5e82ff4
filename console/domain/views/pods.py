"""The pods of both slots as a table: broken ones first, one row each, made when they come into view."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from console.domain.pods import SlotPod, SlotPods, Standing
from console.domain.views.lines import Line, Span, span
from console.domain.views.marks import Mark, Tone
from console.domain.views.standing import shown_mark, shown_tone, standing_words
from console.domain.views.state import ConsoleState
from console.domain.views.table import Column, LazyRows, Row, Table
from console.domain.views.words import plural

COLUMNS = (
    Column("", 1),
    Column("slot", 6),
    Column("component", 9, rank=2),
    Column("pod", 11),
    Column("ready", 5, right=True),
    Column("what it says", least=28),
    Column("restarts", 8, right=True, rank=3),
    Column("age", 5, right=True, rank=1),
    Column("release", 12, rank=4),
    Column("node", 14, rank=5),
)
MARKS = {Standing.BROKEN: Mark.BROKEN, Standing.PARTLY: Mark.PARTLY, Standing.ENDING: Mark.OFF, Standing.WELL: Mark.WELL}


@dataclass
class Memo:
    """What was made, by pod, with what it was made of: a pod that is as before is not made again."""

    rows: dict[str, tuple[object, Row]] = field(default_factory=dict)
    texts: dict[str, tuple[SlotPod, str]] = field(default_factory=dict)

    def forget_all_but(self, number: int) -> None:
        """Bound what is kept of pods that are gone."""
        for kept in (self.rows, self.texts):
            if len(kept) > 2 * number + 100:
                kept.clear()


def pods_table(pods: SlotPods, state: ConsoleState, memo: Memo) -> Table:
    """All pods of all slots. `memo` saves work and changes nothing."""
    snapshot = state.snapshot
    if snapshot is None or snapshot.world is None or state.environment is None:
        return Table(COLUMNS, note="not read yet")
    unread = snapshot.world.unread & {"Pod", "ReplicaSet"}
    if unread:
        kind = sorted(unread)[0]
        return Table(COLUMNS, note=f"{kind}s cannot be read: {snapshot.of(kind).reason}")
    fresh = snapshot.of_kinds("Pod", "ReplicaSet", "Deployment")
    mark_of = {standing: shown_mark(mark, fresh) for standing, mark in MARKS.items()}
    tone = shown_tone(fresh)

    def make(n: int) -> Row:
        pod = pods.pods[n]
        made_of = (pod, age := age_words(pod, state.now), tone, mark_of[pod.standing])
        known = memo.rows.get(pod.name)
        if known is not None and known[0] == made_of:
            return known[1]
        row = _row(pod, age, mark_of[pod.standing], tone)
        memo.rows[pod.name] = made_of, row
        return row

    def sought(n: int) -> str:
        pod = pods.pods[n]
        known = memo.texts.get(pod.name)
        if known is not None and known[0] is pod:
            return known[1]
        text = _sought(pod)
        memo.texts[pod.name] = pod, text
        return text

    memo.forget_all_but(len(pods.pods))
    rows = LazyRows([pod.name for pod in pods.pods], make, sought)
    return Table(COLUMNS, rows, len(rows), _note(pods, standing_words(fresh, state.now)))


def age_words(pod: SlotPod, now: datetime) -> str:
    """`<1m`, `7m`, `3h`, `12d`: coarse, so that a list that stands still sends nothing."""
    created = pod.pod.meta.created if pod.pod else None
    if created is None:
        return ""
    minutes = max(0, int((now - created).total_seconds() // 60))
    if minutes < 1:
        return "<1m"
    return f"{minutes}m" if minutes < 120 else f"{minutes // 60}h" if minutes < 2880 else f"{minutes // 1440}d"


def ready_words(pod: SlotPod) -> str:
    """`1/2`: containers that are ready."""
    if pod.pod is None:
        return ""
    return f"{sum(each.ready for each in pod.pod.containers)}/{len(pod.pod.containers)}"


def short_name(pod: SlotPod) -> str:
    """The end of a name that slot and component stand beside: what ReplicaSet and kubelet added to it."""
    return pod.name if pod.pod is None else "-".join(pod.name.split("-")[-2:])


def what_it_says(pod: SlotPod) -> str:
    """The cause as a sentence, or Kubernetes' own word."""
    if pod.cause is None or pod.standing in (Standing.ENDING, Standing.WELL):
        return pod.word
    return pod.cause.sentence if pod.pod is None or pod.word == pod.cause.word else f"{pod.word}: {pod.cause.sentence}"


def _row(pod: SlotPod, age: str, mark: Mark, tone: Tone) -> Row:
    said = what_it_says(pod)
    head, colon, rest = said.partition(":")
    restarts = pod.pod.restarts if pod.pod else 0
    loud: Tone = mark.tone if pod.standing is Standing.BROKEN and tone == "plain" else tone
    quiet: Tone = "dim" if tone == "dim" or pod.standing is not Standing.BROKEN else "plain"
    node = pod.pod.node if pod.pod else ""
    cells: tuple[Line, ...] = (
        (Span(mark.glyph, mark.tone),),
        (span(pod.slot, tone),),
        (span(pod.component, tone),),
        (span(short_name(pod), tone),),
        (span(ready_words(pod), tone),),
        (span(head, loud), span(colon + rest, quiet)),
        (span(str(restarts) if restarts else "", tone),),
        (span(age, "dim"),),
        (span(pod.image, "dim"),),
        (span(node, "dim"),),
    )
    return Row(pod.name, cells)


def _sought(pod: SlotPod) -> str:
    """Also what a narrow table leaves out."""
    node = pod.pod.node if pod.pod else ""
    return f"{pod.slot} {pod.component} {pod.name} {pod.standing.name} {what_it_says(pod)} {pod.image} {node}".lower()


def _note(pods: SlotPods, standing: str) -> str:
    troubled = sum(1 for each in pods.pods if each.standing is Standing.BROKEN)
    words = [standing, f"{troubled} in trouble" if troubled else "", f"{plural(pods.others, 'other pod')} here" if pods.others else ""]
    return ", ".join(word for word in words if word)
