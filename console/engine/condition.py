"""Conditions of steps: `strategy == blue_green`, `$component`, `not $fast and strategy != rolling`.

Terms are joined by `and`. `$name` alone holds when the input was given; a comparison is one of texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import product

_TERM = re.compile(r"""(?P<not>not\s+)?(?P<left>\$?[A-Za-z_][\w-]*)(?:\s*(?P<op>==|!=)\s*(?P<right>"[^"]*"|'[^']*'|[\w.:+-]+))?""")
EXAMPLES = "write it like 'strategy == blue_green', '$component' or 'not $component'"


@dataclass(frozen=True, slots=True)
class Term:
    """One comparison; `value` None asks whether anything was given."""

    subject: str
    """`strategy`, or an input's name with its `$`."""
    value: str | None
    negated: bool


@dataclass(frozen=True, slots=True)
class Condition:
    terms: tuple[Term, ...]
    """All must hold; none at all holds always."""

    def holds(self, facts: Mapping[str, str]) -> bool:
        """`facts` maps `strategy` and each `$input` to its text; what is missing counts as not given."""
        return all(_holds(term, facts.get(term.subject, "")) for term in self.terms)

    @property
    def subjects(self) -> frozenset[str]:
        return frozenset(term.subject for term in self.terms)


def parse(text: str) -> Condition:
    """Raises ValueError with what is wrong. The empty text is the condition that always holds."""
    if not text.strip():
        return Condition(())
    return Condition(tuple(_term(part.strip()) for part in re.split(r"\s+and\s+", text.strip())))


def applies(when: str, *, strategy: str, inputs: Mapping[str, object]) -> bool:
    """Whether a step with this condition is part of a run."""
    facts = {f"${name}": "" if value is None else str(value) for name, value in inputs.items()}
    return parse(when).holds({**facts, "strategy": strategy})


def can_hold(condition: Condition, known: Mapping[str, Iterable[str]]) -> bool:
    """Whether any choice of the known values makes it true; a subject that is not in `known` may have every value."""
    subjects = sorted(condition.subjects)
    choices = [tuple(known[s]) if s in known else _thinkable(s, condition) for s in subjects]
    return any(condition.holds(dict(zip(subjects, chosen, strict=True))) for chosen in product(*choices))


def _thinkable(subject: str, condition: Condition) -> tuple[str, ...]:
    """The values that make a difference: those it is compared with, another one, and none."""
    return (*(t.value for t in condition.terms if t.subject == subject and t.value), "\0another", "")


def _term(text: str) -> Term:
    match = _TERM.fullmatch(text)
    if match is None or (match["not"] and match["op"]):
        raise ValueError(f"{text!r} is not a condition: {EXAMPLES}")
    if match["left"] == "strategy" and not match["op"]:
        raise ValueError(f"the strategy is compared with nothing: {EXAMPLES}")
    value = match["right"]
    if value and value[0] in "\"'":
        value = value[1:-1]
    return Term(match["left"], value, bool(match["not"]) or match["op"] == "!=")


def _holds(term: Term, fact: str) -> bool:
    found = fact != "" if term.value is None else fact == term.value
    return found is not term.negated
