"""What is seen of a step that a person has to decide about: planned again, compared with what was intended (SAFETY 3.3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Literal, assert_never, get_args

from console.domain.change import Blocked, Change, Difference, Noop, Plan

Verdict = Literal["applied", "not applied", "partial", "blocked", "unknown", "only looks"]


@dataclass(frozen=True)
class Sight:
    """The world at the moment when a run was left to a person."""

    verdict: Verdict = "unknown"
    """Of the step that did not end; `only looks` for one that changes nothing."""
    text: str = ""
    """What the plan said now, or why nothing could be seen."""
    left: tuple[Difference, ...] = ()
    """What would still have to be done."""
    split: bool = False
    """The Services disagree."""
    moved: bool = False
    """Users are not where they were when the run was opened, or that is not known."""
    back: str = ""
    """The best way back: `blue v1.4.2, warm`; empty where there is none."""
    no_way_back: str = ""
    """Why it cannot be taken."""


def judged(intended: Iterable[Difference], plan: Plan) -> Sight:
    """The verdict on what was intended, by what the same plan says now."""
    match plan:
        case Noop(reason):
            return Sight("applied", reason)
        case Blocked() as blocked:
            return Sight("blocked", blocked.reason)
        case Change() as change:
            left = tuple(d for d in change.differences if d.severity == "change")
            wanted = {(d.subject, d.what) for d in intended if d.before != d.after}
            done = wanted - {(d.subject, d.what) for d in left}
            return Sight("partial" if done and wanted & {(d.subject, d.what) for d in left} else "not applied", change.title, left)
        case _:
            assert_never(plan)


def encode(sight: Sight) -> dict[str, object]:
    """For the journal."""
    left = [{k: v for k, v in asdict(d).items() if k != "severity"} for d in sight.left]
    return {**asdict(sight), "left": left}


def decode(raw: object, left: tuple[Difference, ...]) -> Sight | None:
    """Reverse of `encode`, with the lines of `left` read already; None for a run that was left without it."""
    if not isinstance(raw, Mapping):
        return None
    verdict: Verdict = next((v for v in get_args(Verdict) if v == raw.get("verdict")), "unknown")
    said = {name: str(raw.get(name, "")) for name in ("text", "back", "no_way_back")}
    return Sight(verdict, left=left, split=bool(raw.get("split")), moved=bool(raw.get("moved")), **said)
