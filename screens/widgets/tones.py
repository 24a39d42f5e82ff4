"""The colours of tones, from the theme's variables. Not component classes: those cost the first frame 16 hidden nodes per widget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from rich.style import Style
from textual.app import App
from textual.color import Color

from console.domain.views.marks import Tone

_COLOURS: Mapping[Tone, tuple[str, bool]] = {
    "dim": ("quiet", False),
    "well": ("success", False),
    "partly": ("warning", False),
    "broken": ("error", True),
    "unknown": ("warning", True),
    "running": ("accent", False),
    "waiting": ("warning", True),
    "slot-1": ("slot-1", True),
    "slot-2": ("slot-2", True),
    "key": ("accent", True),
    "disabled": ("faint", False),
}
"""Theme variable and whether it is bold."""
_VARIABLES = (*dict.fromkeys(name for name, _ in _COLOURS.values()), "panel")


@dataclass(frozen=True)
class Tones:
    """Styles to be laid over a widget's own."""

    styles: Mapping[Tone, Style]
    chosen: Style
    """A chosen row of a list that is not focused; a focused one is reversed."""


def tones_of(app: App[object]) -> Tones:
    """The tones of the theme that is on."""
    variables = app.theme_variables
    return _tones(tuple(variables[name] for name in _VARIABLES), app.native_ansi_color, app.no_color)


@lru_cache(maxsize=16)
def _tones(values: tuple[str, ...], ansi: bool, no_color: bool) -> Tones:
    colours = dict(zip(_VARIABLES, values, strict=True))
    styles = {tone: Style(color=None if no_color else _rich(colours[name]), bold=bold or None) for tone, (name, bold) in _COLOURS.items()}
    if ansi or no_color:  # the terminal's own grey is not known: fainter is the only safe way to say less
        styles["dim"] = styles["disabled"] = Style(dim=True)
    if no_color:
        styles["key"] = Style(bold=True, underline=True)
    styles["plain"] = Style()
    styles["strong"] = Style(bold=True)
    styles["title"] = Style(bold=True, reverse=True)
    styles["alarm"] = styles["broken"] + Style(reverse=True)
    chosen = Style(bold=True, underline=True) if ansi or no_color else Style(bold=True, bgcolor=_rich(colours["panel"]))
    return Tones(styles, chosen)


def _rich(value: str) -> str:
    return Color.parse(value).rich_color.name
