"""What an item of a checklist asks a person for: an observed value, as text, a number in a range, or one of some words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Form = Literal["text", "number", "choice"]
LONGEST = 500
"""Characters of an answer; what is longer is evidence."""


@dataclass(frozen=True)
class Challenge:
    """How the value is read. What it has to be is not told: it is observed, not agreed to."""

    form: Form = "text"
    choices: tuple[str, ...] = ()
    least: float | None = None
    most: float | None = None
    unit: str = ""

    @property
    def hint(self) -> str:
        """What may be answered, as one clause."""
        match self.form:
            case "choice":
                return " or ".join(self.choices)
            case "number":
                unit = f" ({self.unit})" if self.unit else ""
                return f"a number{_span(self.least, self.most)}{unit}"
            case "text":
                return "what you see, in your words"


def read_value(challenge: Challenge, text: str) -> str:
    """The answer as it is kept; raises ValueError with a sentence for what is no answer."""
    value = " ".join(text.split())
    if not value:
        raise ValueError("nothing was answered: say what you see")
    if len(value) > LONGEST:
        raise ValueError(f"the answer has {len(value)} characters, {LONGEST} at most: keep the rest as evidence")
    match challenge.form:
        case "choice":
            return _choice(challenge, value)
        case "number":
            return _number(challenge, value)
        case "text":
            return value


def as_body(challenge: Challenge) -> dict[str, object]:
    """For the journal."""
    return {
        "form": challenge.form,
        "choices": list(challenge.choices),
        "least": challenge.least,
        "most": challenge.most,
        "unit": challenge.unit,
    }


def challenge_of(raw: object) -> Challenge | None:
    """Reverse of `as_body`; None for a question that asks for no value."""
    if not isinstance(raw, Mapping):
        return None
    form = raw.get("form")
    choices = raw.get("choices")
    return Challenge(
        form if form in ("number", "choice") else "text",
        tuple(str(c) for c in choices) if isinstance(choices, list | tuple) else (),
        _float(raw.get("least")),
        _float(raw.get("most")),
        str(raw.get("unit") or ""),
    )


def same_value(one: str, other: str) -> bool:
    """Equal for a person: upper and lower case, spaces and the way a number is written do not count."""
    return one.strip().casefold() == other.strip().casefold() or (_plain(one) is not None and _plain(one) == _plain(other))


def _choice(challenge: Challenge, value: str) -> str:
    found = next((c for c in challenge.choices if c.casefold() == value.casefold()), None)
    if found is None:
        raise ValueError(f"{value!r} is none of {', '.join(challenge.choices)}")
    return found


def _number(challenge: Challenge, value: str) -> str:
    found = _plain(value)
    if found is None:
        raise ValueError(f"{value!r} is no number: write digits alone" + (f", in {challenge.unit}" if challenge.unit else ""))
    if (challenge.least is not None and found < challenge.least) or (challenge.most is not None and found > challenge.most):
        raise ValueError(f"{value} is not{_span(challenge.least, challenge.most)}")
    return f"{found:g}"


def _plain(text: str) -> float | None:
    digits = text.strip().removeprefix("-").replace(".", "", 1)
    return float(text) if digits.isascii() and digits.isdigit() else None


def _span(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f" from {least:g} to {most:g}"
    if least is not None:
        return f" of {least:g} or more"
    return f" of {most:g} or less" if most is not None else ""


def _float(raw: object) -> float | None:
    return float(raw) if isinstance(raw, int | float) and not isinstance(raw, bool) else None
