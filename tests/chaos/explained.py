"""Whether the journal tells every interruption: each kill is followed by another claim, each repeated intent has its reason."""

from __future__ import annotations

from collections.abc import Sequence

from console.domain.entry import Entry

REASONS = ("run.claimed", "step.result", "step.progress")


def unexplained(entries: Sequence[Entry], killed: Sequence[int]) -> list[str]:
    """What the entries of one run leave open, as sentences; `killed` are process ids of runners of this run."""
    return [*_unclaimed(entries, killed), *_repeated(entries), *_unfinished(entries)]


def _unclaimed(entries: Sequence[Entry], killed: Sequence[int]) -> list[str]:
    """A runner that was killed before the run had ended has a successor."""
    claims = [e for e in entries if e.type == "run.claimed"]
    closed = any(e.type == "run.closed" for e in entries)
    found = []
    for pid in killed:
        mine = max((e.seq for e in claims if e.body.get("pid") == pid), default=0)
        later = [e for e in claims if e.seq > mine and e.body.get("pid") != pid]
        if not later and not (closed and mine):
            found.append(f"runner {pid} was killed, and nobody claimed the run after it")
    return found


def _repeated(entries: Sequence[Entry]) -> list[str]:
    """An intent that comes again was in doubt, or another runner's."""
    found, last = [], dict[object, int]()
    for place, entry in enumerate(entries):
        if entry.type == "step.intent":
            step = entry.body.get("step")
            before = last.get(step)
            if before is not None and not any(e.type in REASONS for e in entries[before + 1 : place]):
                found.append(f"the intent of {step} was written twice without a reason")
            last[step] = place
    return found


def _unfinished(entries: Sequence[Entry]) -> list[str]:
    """Every intent has a result in the end."""
    open_intents: dict[object, bool] = {}
    for entry in entries:
        if entry.type == "step.intent":
            open_intents[entry.body.get("step")] = True
        elif entry.type == "step.result":
            open_intents.pop(entry.body.get("step"), None)
    return [f"the intent of {step} has no result" for step in open_intents]
