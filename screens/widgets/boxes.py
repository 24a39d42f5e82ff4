"""Titles of boxes: Textual draws a whole box again for a title that is the same, so a title is set only when it is another one."""

from __future__ import annotations

from textual.widget import Widget


def entitle(box: Widget, title: str) -> None:
    """Show `title` in the box's upper edge."""
    if str(box.border_title or "") != title:
        box.border_title = title
