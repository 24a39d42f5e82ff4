"""Painters: pure functions from a view and a size to lines. No Textual in here, so that tests read them as text."""
