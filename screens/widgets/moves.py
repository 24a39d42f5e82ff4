"""Keys that move about in lists, the same everywhere: arrows, pages, and what vi users press."""

from __future__ import annotations

from textual.binding import Binding

LIST_MOVES = (
    Binding("up,k", "move(-1)", "Up", show=False, id="list.up"),
    Binding("down,j", "move(1)", "Down", show=False, id="list.down"),
    Binding("pageup", "move_page(-1)", "Page up", show=False, id="list.page_up"),
    Binding("pagedown,space", "move_page(1)", "Page down", show=False, id="list.page_down"),
    Binding("home,g", "move_to(0)", "First", show=False, id="list.first"),
    Binding("end,G", "move_to(-1)", "Last", show=False, id="list.last"),
)
