"""Widgets of the screens: each draws one view by a pure painter and sends only the lines that differ."""
