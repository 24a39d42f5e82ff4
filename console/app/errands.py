"""What the console does for a person on this machine: copy, name the window, call, and what one likes. Nothing of it reaches a cluster."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import platformdirs
from textual.app import App

from console.app.preferences import FILE, Preferences
from console.app.terminal import TerminalTalk
from console.domain.run import RunRecord
from console.domain.views.state import ConsoleState
from console.domain.views.title import call_text, title_text

Say = Callable[[str], None]


def terminal_of(app: App[Any]) -> TerminalTalk:
    """Speaks to the App's terminal; a headless App has none."""

    def write(text: str) -> None:
        driver = app._driver  # Textual has no public way to send what is no picture
        if driver is not None and not app.is_headless:
            driver.write(text)

    return TerminalTalk(write, os.environ)


class Errands:
    """`terminal` is what the person sits at."""

    def __init__(self, app: App[Any], *, folder: Path | None, terminal: TerminalTalk | None = None) -> None:
        self._app = app
        self._folder = folder
        """Where the preferences are; None: there are none."""
        self._terminal = terminal or terminal_of(app)
        self._likes = Preferences()

    async def prefer(self, say: Say) -> None:
        """Read the preferences and follow them; mistakes in the file are said and left out."""
        if self._folder is None:
            return
        self._likes, problems = await asyncio.to_thread(_read, self._folder)
        if self._likes.theme:
            self._app.theme = self._likes.theme
        if self._likes.as_ascii:
            self._app.set_class(True, "-ascii")
        if self._likes.keys:
            self._app.set_keymap(dict(self._likes.keys))
        if problems:
            more = f" (and {len(problems) - 1} more in {FILE})" if len(problems) > 1 else ""
            say(f"{problems[0]}{more}")

    def show(self, state: ConsoleState) -> None:
        """Name the window by how things stand."""
        if self._likes.title:
            self._terminal.title(title_text(state))

    def call(self, run: RunRecord) -> None:
        """A person is needed."""
        if self._likes.bell:
            self._app.bell()
        if self._likes.notify:
            self._terminal.notify(call_text(run))

    async def copy(self, text: str, say: Say) -> None:
        """Into a file in any case, to the clipboard where the terminal takes it."""
        if not text:
            say("nothing to copy here")
            return
        offered = self._terminal.copy(text)
        how = "copied, where the terminal allows it (OSC 52)" if offered else "too long for the terminal's clipboard"
        try:
            path = await asyncio.to_thread(keep, text, Path(platformdirs.user_state_path("bluegreen")) / "copied.txt")
        except OSError as problem:
            say(f"{how}; it could not be written to a file: {problem.strerror}")
        else:
            say(f"{how}, and written to {path}")

    def close(self) -> None:
        self._terminal.restore()


def keep(text: str, path: Path) -> Path:
    """Write text where only its owner reads it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    path.write_text(text + "\n", encoding="utf-8")
    return path


def _read(folder: Path) -> tuple[Preferences, tuple[object, ...]]:
    """All screens are imported only where a file may name their keys."""
    if not (folder / FILE).exists():
        return Preferences(), ()
    from console.app.keymap import binding_ids
    from console.app.preferences_file import read_preferences

    return read_preferences(folder, known_keys=binding_ids())
