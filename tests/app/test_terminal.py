"""What reaches the terminal beside the picture: once, without control characters of others, through tmux and screen."""

from __future__ import annotations

import base64

import pytest

from console.app.terminal import LARGEST_COPY, TerminalTalk


class Written(list[str]):
    def __call__(self, text: str) -> None:
        self.append(text)


@pytest.fixture
def written() -> Written:
    return Written()


def test_a_title_is_sent_once_and_the_old_one_comes_back(written: Written) -> None:
    talk = TerminalTalk(written, {})
    for text in ("● production", "● production", "✗ production"):
        talk.title(text)
    talk.restore()
    talk.restore()
    assert written == ["\x1b[22;0t", "\x1b]0;● production\x07", "\x1b]0;✗ production\x07", "\x1b]0;\x07\x1b[23;0t"]


def test_a_title_cannot_smuggle_a_sequence(written: Written) -> None:
    TerminalTalk(written, {}).title("run\x07\x1b]52;c;evil\x07")
    assert written[-1] == "\x1b]0;run  ]52;c;evil \x07"


def test_a_notification_passes_through_tmux(written: Written) -> None:
    TerminalTalk(written, {"TMUX": "/tmp/tmux-0/default,1,0"}).notify("production asks")
    assert written == ["\x1bPtmux;\x1b\x1b]9;production asks\x07\x1b\\"]


def test_a_copy_goes_plain_and_through_what_stands_between(written: Written) -> None:
    assert TerminalTalk(written, {"TERM": "screen-256color"}).copy("x" * 900)
    plain, passed = written
    assert base64.b64decode(plain.removeprefix("\x1b]52;c;").removesuffix("\x07")) == b"x" * 900
    pieces = passed.split("\x1b\\")
    assert "".join(piece.removeprefix("\x1bP") for piece in pieces) == plain
    assert max(map(len, pieces)) <= 702


def test_what_is_too_long_for_a_clipboard_is_not_sent(written: Written) -> None:
    assert not TerminalTalk(written, {}).copy("x" * (LARGEST_COPY + 1))
    assert written == []
