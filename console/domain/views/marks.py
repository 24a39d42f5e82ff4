"""Marks: the glyph, the plain-ASCII stand-in and the tone of each state. The word always stands beside the glyph."""

from __future__ import annotations

from enum import Enum
from typing import Literal

Tone = Literal[
    "plain",
    "dim",
    "strong",
    "title",
    "well",
    "partly",
    "broken",
    "unknown",
    "running",
    "waiting",
    "slot-1",
    "slot-2",
    "key",
    "disabled",
    "alarm",
]
"""What a text means; the theme gives it a colour."""


class Mark(Enum):
    WELL = ("●", "*", "well")
    PARTLY = ("◐", "%", "partly")
    BROKEN = ("✗", "x", "broken")
    UNKNOWN = ("?", "?", "unknown")
    OFF = ("○", "o", "dim")
    RUNNING = ("▶", ">", "running")
    DONE = ("✔", "+", "well")
    TO_COME = ("·", ".", "dim")
    WAITING = ("‖", "!", "waiting")

    def __init__(self, glyph: str, ascii_glyph: str, tone: Tone) -> None:
        self.glyph = glyph
        self.ascii = ascii_glyph
        self.tone: Tone = tone


_DRAWN = {
    "▪": "|",
    "→": ">",
    "…": "~",
    "▎": "|",
    "│": "|",
    "─": "-",
    "↑": "^",
    "↓": "v",
    "⏎": "<",
    "×": "x",
    "┌": "+",
    "┐": "+",
    "└": "+",
    "┘": "+",
    "“": '"',
    "”": '"',
}
_DOTS = {chr(0x2800 + bits): "*" for bits in range(1, 256)} | {"╌": "-", "┊": ":"}
_BARS = {bar: digit for bar, digit in zip("▁▂▃▄▅▆▇█", "_.-=+*#@", strict=True)}
ASCII_TABLE = str.maketrans({mark.glyph: mark.ascii for mark in Mark} | _DRAWN | _BARS | _DOTS)
"""For terminals without these glyphs: one character for one, so that columns stay where they are."""
