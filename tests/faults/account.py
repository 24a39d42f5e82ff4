"""Whether a disturbed run changed what an undisturbed one does: nothing lost, nothing twice."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from console.domain.facts import PREVIOUS_RELEASE
from tests.faults.effects import Change, Effect

DIGEST = re.compile(r"[0-9a-f]{64}")
EARLIER = re.compile(r"\bv[2-9]\.\d+\.\d+|\bv1\.5\.\d+")
"""Releases that rounds deploy; the stable one below them keeps its name."""
BEFORE = f"metadata.annotations.{PREVIOUS_RELEASE}"
"""What the round before left; it is compared with the objects themselves."""
HOUSEKEEPING = "configmaps"
"""Records whose content tells times and runs: which of them were written counts, not what they say."""

Deeds = tuple[Change, ...]
Account = Mapping[str, tuple[Deeds, ...]]
"""By object: what was done to it, one entry per effect, in order."""


@dataclass(frozen=True)
class Mismatch:
    """One object on which a disturbed run differs from the undisturbed one."""

    subject: str
    wanted: tuple[Deeds, ...]
    found: tuple[Deeds, ...]

    @property
    def lost(self) -> int:
        return max(0, len(self.wanted) - len(self.found))

    @property
    def doubled(self) -> int:
        return max(0, len(self.found) - len(self.wanted))

    def __str__(self) -> str:
        lost = [d for d in self.wanted if self.wanted.count(d) > self.found.count(d)]
        more = [d for d in self.found if self.found.count(d) > self.wanted.count(d)]
        return f"{self.subject}: not done {_text(lost)}; done beyond an undisturbed run {_text(more)}"


def account(effects: Iterable[Effect], *, release: str) -> Account:
    """The effects of one run, comparable with those of another run of the same runbook with another release.

    A change that was taken back by the opposite one, as a switch that is reversed and made again, cancels out.
    """
    by_object: defaultdict[str, list[Deeds]] = defaultdict(list)
    for effect in effects:
        deeds = tuple(_plain(change, release) for change in effect.substance if change[0] != BEFORE)
        if effect.kind == HOUSEKEEPING:
            deeds = (("", "", "created"),) if effect.created else (("", "", "deleted"),) if effect.deleted else (("", "", "written"),)
        if not deeds:
            continue
        done = by_object[masked(f"{effect.kind} {effect.name}", release)]
        if done and done[-1] == _opposite(deeds):
            done.pop()
        else:
            done.append(deeds)
    return {subject: tuple(done) for subject, done in by_object.items() if done}


def mismatches(wanted: Account, found: Account) -> list[Mismatch]:
    """Every object that differs."""
    names = sorted({*wanted, *found})
    return [Mismatch(n, wanted.get(n, ()), found.get(n, ())) for n in names if wanted.get(n, ()) != found.get(n, ())]


def _opposite(deeds: Deeds) -> Deeds:
    return tuple((path, after, before) for path, before, after in deeds)


def _plain(change: Change, release: str) -> Change:
    path, before, after = change
    return path, masked(before, release), masked(after, release)


def masked(text: str, release: str) -> str:
    """What is different in every run is hidden."""
    return EARLIER.sub("EARLIER", DIGEST.sub("DIGEST", re.sub(rf"{re.escape(release)}\b", "RELEASE", text)))


def _text(done: Sequence[Deeds]) -> str:
    return "; ".join(", ".join(f"{p} {a} → {b}".strip() for p, a, b in deeds) for deeds in done) or "nothing"
