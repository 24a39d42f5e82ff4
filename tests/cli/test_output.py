"""Values as JSON, and text on a terminal that cannot show everything."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from pathlib import Path

import pytest

from console.cli.options import Options
from console.cli.output import ascii_safe, plain, print_lines
from console.domain.views.lines import span
from console.domain.views.marks import Mark


class Colour(Enum):
    BLUE = "blue"


@dataclass(frozen=True)
class Thing:
    name: str
    colour: Colour
    when: datetime
    parts: tuple[Path, ...]


def test_any_of_our_values_becomes_plain_json() -> None:
    thing = Thing("a", Colour.BLUE, datetime(2026, 3, 1, 2, 3, tzinfo=UTC), (Path("/x"),))
    assert plain({Colour.BLUE: thing, "n": {3, 1}}) == {
        "blue": {"name": "a", "colour": "blue", "when": "2026-03-01T02:03:00+00:00", "parts": ["/x"]},
        "n": [1, 3],
    }


def test_a_terminal_without_glyphs_gets_their_plain_stand_ins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert ascii_safe(f"{Mark.WELL.glyph} blue → green") == "* blue > green"


def test_no_colour_is_printed_where_standard_output_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    print_lines([(span("well", "well"), span("  ")), (span("plain"),)], Options())
    assert capsys.readouterr().out == "well\nplain\n"
