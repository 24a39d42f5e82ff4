"""From a line of toned spans to the strip that Textual draws."""

from __future__ import annotations

from typing import get_args

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from console.domain.views.lines import Line
from console.domain.views.marks import ASCII_TABLE, Tone
from console.domain.views.words import cells

TONES: tuple[Tone, ...] = get_args(Tone)
COMPONENT_CLASSES = {f"lines--{tone}" for tone in TONES} | {"lines--selected"}


def strip_of(widget: Widget, line: Line, *, width: int, selected: bool = False) -> Strip:
    """One row of `width` cells in the widget's colours."""
    base = widget.get_component_rich_style("lines--selected") if selected else widget.rich_style
    as_ascii = widget.app.has_class("-ascii")
    segments: list[Segment] = []
    used = 0
    for item in line:
        text = item.text.translate(ASCII_TABLE) if as_ascii else item.text
        segments.append(Segment(text, _style(widget, item.tone, item.action, base, selected=selected)))
        used += cells(text)
    if used < width:
        segments.append(Segment(" " * (width - used), base))
    strip = Strip(segments)
    return strip if used <= width else strip.crop(0, width)


def _style(widget: Widget, tone: Tone, action: str, base: Style, *, selected: bool) -> Style:
    if tone == "plain":
        style = base
    else:
        own = widget.get_component_rich_style(f"lines--{tone}", partial=True)
        style = base + (own.without_color if selected else own)
    return style + Style(meta={"@click": action}) if action else style
