"""Is the chain whole? Edits and deletions break it; a cut tail shows against an anchor kept elsewhere (SAFETY 3.7)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from console.journal.chain import Head, Row

Fault = Literal["edited", "deleted", "cut", "torn"]


@dataclass(frozen=True, slots=True)
class Anchor:
    """A copy of the head kept outside the journal: in the Lease's annotation and in each report."""

    journal: str
    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.journal}:{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Anchor | None:
        """None for what is no anchor of ours (nobody has driven yet, or somebody edited it)."""
        journal, seq, digest = (*text.split(":"), "", "")[:3]
        return cls(journal, int(seq), digest) if journal and seq.isdigit() and digest else None


@dataclass(frozen=True, slots=True)
class Problem:
    """One place where the record is not what was written."""

    kind: Fault
    seq: int
    message: str


@dataclass(frozen=True, slots=True)
class Verification:
    """Verdict on a whole chain."""

    entries: int
    head: Head
    problems: tuple[Problem, ...]
    anchored: bool = False
    """The anchor given is of this journal and was found in it."""

    @property
    def ok(self) -> bool:
        return not self.problems

    @property
    def sentence(self) -> str:
        """What a person reads."""
        if self.problems:
            return "; ".join(p.message for p in self.problems)
        return f"{self.entries} entries, unbroken" + (", and the anchor in the cluster is among them" if self.anchored else "")


def verify_rows(rows: Iterable[Row], *, journal: str, anchor: Anchor | None = None) -> Verification:
    """Walk the chain in order of sequence. An anchor of another journal proves nothing about this one and is left out."""
    head, count, anchored = Head(), 0, False
    problems: list[Problem] = []
    wanted = anchor if anchor and anchor.journal == journal else None
    for row in rows:
        problems += _faults(row, head)
        anchored = anchored or (wanted is not None and (row.seq, row.hash) == (wanted.seq, wanted.hash))
        head, count = Head(_number(row, head), row.hash), count + 1
    if wanted and not anchored:
        problems.append(_missing(wanted, head))
    return Verification(count, head, tuple(_judged(p, head) for p in problems), anchored)


def _judged(problem: Problem, head: Head) -> Problem:
    """Only the last row can be torn: one in the middle that cannot be read was changed."""
    if problem.kind == "torn" and problem.seq != head.seq:
        return Problem("edited", problem.seq, f"entry {problem.seq} cannot be read and is not the last: it was changed")
    return problem


def _number(row: Row, head: Head) -> int:
    """The row's number, or the one that it should have where it has none any more."""
    return row.seq if isinstance(row.seq, int) else head.seq + 1


def _faults(row: Row, head: Head) -> list[Problem]:
    if row.torn:
        return [Problem("torn", _number(row, head), f"entry {_number(row, head)} was written only in part")]
    if row.seq != head.seq + 1:
        missing = f"entry {head.seq + 1} is" if row.seq == head.seq + 2 else f"entries {head.seq + 1} to {row.seq - 1} are"
        return [Problem("deleted", head.seq + 1, f"{missing} missing")]
    if row.prev != head.hash:
        return [Problem("edited", head.seq, f"entry {head.seq} is not the one that entry {row.seq} was written after")]
    if row.digest != row.hash:
        return [Problem("edited", row.seq, f"entry {row.seq} was changed after it was written")]
    return []


def _missing(anchor: Anchor, head: Head) -> Problem:
    if head.seq < anchor.seq:
        return Problem(
            "cut",
            head.seq + 1,
            f"the journal ends at entry {head.seq}, but entry {anchor.seq} is anchored in the cluster: its end was cut off",
        )
    return Problem("edited", anchor.seq, f"entry {anchor.seq} is not the one that is anchored in the cluster")
