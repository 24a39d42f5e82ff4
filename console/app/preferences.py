"""What one person likes on one machine: theme, keys, bell. Nothing of it changes a run; `preferences_file` reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

FILE = "console.yml"
"""In the user's configuration folder."""


@dataclass(frozen=True)
class Preferences:
    """Everything has a default; the file need not exist."""

    theme: str = ""
    """Empty: ours, dark."""
    as_ascii: bool = False
    """One plain character for each glyph."""
    bell: bool = True
    """Ring when a person is needed."""
    notify: bool = True
    """Ask the terminal for a notification then (OSC 9)."""
    title: bool = True
    """Say in the window's title how things stand."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Binding id to keys, joined by commas: `{"overview.deploy": "D,f5"}`."""
