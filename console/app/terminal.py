"""What is said to the terminal beside the picture: its title, a notification, the clipboard. Sequences pass through tmux and screen.

Nothing is sent that was sent before, so a console on which nothing changes sends no byte.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping

ESC, BEL, ST = "\x1b", "\x07", "\x1b\\"
LARGEST_COPY = 75_000
"""Bytes that terminals take as a clipboard's content; more is only written to the file."""
SCREEN_CHUNK = 700
"""Characters that GNU screen passes on at once."""

Write = Callable[[str], object]


class TerminalTalk:
    """`write` sends characters to the terminal; `environ` tells what stands between."""

    def __init__(self, write: Write, environ: Mapping[str, str]) -> None:
        self._write = write
        self._tmux = bool(environ.get("TMUX"))
        self._screen = not self._tmux and environ.get("TERM", "").startswith("screen")
        self._title = ""

    def title(self, text: str) -> None:
        """Name the window; the name that it had is kept by the terminal and comes back with `restore`."""
        if text == self._title:
            return
        if not self._title:
            self._write(f"{ESC}[22;0t")
        self._title = text
        self._write(f"{ESC}]0;{printable(text)}{BEL}")

    def restore(self) -> None:
        """Give the window its name back."""
        if self._title:
            self._write(f"{ESC}]0;{BEL}{ESC}[23;0t")
            self._title = ""

    def notify(self, text: str) -> None:
        """A notification of the desktop where the terminal makes one (OSC 9)."""
        self._write(self._passed(f"{ESC}]9;{printable(text)}{BEL}"))

    def copy(self, text: str) -> bool:
        """Offer text to the clipboard (OSC 52); False when it is too long for it. No terminal answers whether it took it."""
        data = text.encode()
        if len(data) > LARGEST_COPY:
            return False
        sequence = f"{ESC}]52;c;{base64.b64encode(data).decode()}{BEL}"
        self._write(sequence)
        if self._tmux or self._screen:  # tmux takes the plain one itself where `set-clipboard` is on, else passes this one on
            self._write(self._passed(sequence))
        return True

    def _passed(self, sequence: str) -> str:
        if self._tmux:
            return f"{ESC}Ptmux;{sequence.replace(ESC, ESC * 2)}{ST}"
        if self._screen:
            pieces = [sequence[n : n + SCREEN_CHUNK] for n in range(0, len(sequence), SCREEN_CHUNK)]
            return "".join(f"{ESC}P{piece}{ST}" for piece in pieces)
        return sequence


def printable(text: str) -> str:
    """Without control characters, which would end or change a sequence; of a length that a title bar shows."""
    return "".join(c if c.isprintable() else " " for c in text)[:200]
