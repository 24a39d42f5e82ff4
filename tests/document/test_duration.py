"""Durations as people write them."""

from __future__ import annotations

import pytest

from console.document.duration import seconds


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30s", 30), ("10m", 600), ("1m30s", 90), ("2h", 7200), ("1d12h", 129_600), ("500ms", 0.5), ("1.5s", 1.5), ("1s5ms", 1.005)],
)
def test_reads(text: str, expected: float) -> None:
    assert seconds(text) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("30", "'30' has no unit: write 30s or 30m"),
        ("1:30", "'1:30' is a time of day, not a duration: write 1m30s or 1h30m"),
        ("30s1m", "does not go from large units to small ones"),
        ("1m1m", "does not go from large units to small ones"),
        ("-5s", "is not a duration"),
        ("5 s", "is not a duration"),
        ("", "is not a duration"),
        ("5sec", "is not a duration"),
        ("9" * 400 + "s", "is not a duration"),
        ("٣s", "is not a duration"),
    ],
)
def test_refuses(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("'", ".").replace("+", r"\+")):
        seconds(text)
