"""From a line of toned spans to the strip that Textual draws."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from console.domain.views.lines import Line
from console.domain.views.marks import ASCII_TABLE
from console.domain.views.words import cells
from screens.widgets.tones import tones_of


def strip_of(widget: Widget, line: Line, *, width: int, chosen: bool = False) -> Strip:
    """One row of `width` cells in the widget's colours."""
    tones = tones_of(widget.app)
    base = widget.rich_style
    if chosen:
        base += Style(bold=True, reverse=True) if widget.has_focus else tones.chosen
    as_ascii = widget.app.has_class("-ascii")
    plain_colour = chosen and widget.has_focus
    segments: list[Segment] = []
    used = 0
    for item in line:
        text = item.text.translate(ASCII_TABLE) if as_ascii else item.text
        own = tones.styles[item.tone]
        style = base + (own.without_color if plain_colour else own)
        segments.append(Segment(text, style + Style(meta={"@click": item.action}) if item.action else style))
        used += cells(text)
    if used < width:
        segments.append(Segment(" " * (width - used), base))
    strip = Strip(segments)
    return strip if used <= width else strip.crop(0, width)
