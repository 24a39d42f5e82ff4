"""Conditions of steps."""

from __future__ import annotations

import pytest

from console.engine.condition import applies, can_hold, parse


@pytest.mark.parametrize(
    ("when", "strategy", "inputs", "expected"),
    [
        ("", "rolling", {}, True),
        ("strategy == blue_green", "blue_green", {}, True),
        ("strategy == blue_green", "rolling", {}, False),
        ("strategy != rolling", "blue_green", {}, True),
        ("$release", "rolling", {"release": "v1"}, True),
        ("$release", "rolling", {}, False),
        ("$release", "rolling", {"release": None}, False),
        ("not $release", "rolling", {}, True),
        ("not  $release", "rolling", {"release": "v1"}, False),
        ("$mode == 'very fast'", "rolling", {"mode": "very fast"}, True),
        ('$mode == ""', "rolling", {}, True),
        ("$count == 3", "rolling", {"count": 3}, True),
        ("$a and strategy == rolling and not $b", "rolling", {"a": "x"}, True),
        ("$a and strategy == rolling and not $b", "rolling", {"a": "x", "b": "y"}, False),
    ],
)
def test_holds(when: str, strategy: str, inputs: dict[str, object], expected: bool) -> None:
    assert applies(when, strategy=strategy, inputs=inputs) is expected


WRONG = ["strategy", "a b", "$a or $b", "not $a == b", "== b", "strategy = rolling", "$a and", "and $a", "$a == 'b"]


@pytest.mark.parametrize("when", WRONG)
def test_what_is_no_condition(when: str) -> None:
    with pytest.raises(ValueError, match=r"condition|compared"):
        parse(when)


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("strategy == rolling", True),
        ("strategy == rolling and strategy != blue_green", True),
        ("strategy == rolling and strategy == blue_green", False),
        ("strategy != rolling and strategy != blue_green", False),
        ("$free == a and $free != a", False),
        ("$free != a and $free != b", True),
        ("$free and not $free", False),
        ("$choice == c", False),
        ("$choice != a and $choice != b", False),
    ],
)
def test_can_hold(when: str, expected: bool) -> None:
    known = {"strategy": ("rolling", "blue_green"), "$choice": ("a", "b")}
    assert can_hold(parse(when), known) is expected
