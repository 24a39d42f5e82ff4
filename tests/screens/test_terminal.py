"""The console in a real terminal: queued keys, a terminal that goes away, and silence when nothing happens."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

WITHIN = 30.0


class Terminal:
    """A process on a pseudo terminal of 80x24."""

    def __init__(self, scene: str) -> None:
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            environment = {**os.environ, "TERM": "xterm-256color", "TEXTUAL_FPS": "120"}
            os.execve(sys.executable, [sys.executable, "-m", "tests.screens.demo", scene], environment)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.seen = b""

    def read(self, seconds: float) -> bytes:
        """What comes within that time; ends early when the process does."""
        got, end = b"", time.monotonic() + seconds
        news = select.poll()  # not select(), which knows no descriptor above 1023: a long session of tests has many
        news.register(self.fd, select.POLLIN)
        while (left := end - time.monotonic()) > 0:
            if not news.poll(left * 1000):
                break
            try:
                chunk = os.read(self.fd, 65536)
            except OSError:
                break
            if not chunk:
                break
            got += chunk
        self.seen += got
        return got

    def wait_for(self, text: str) -> None:
        end = time.monotonic() + WITHIN
        while text.encode() not in self.seen:
            assert time.monotonic() < end, f"waited {WITHIN} s for {text!r}"
            self.read(0.1)

    def quiet(self) -> None:
        """Wait until nothing more is drawn."""
        end = time.monotonic() + WITHIN
        while self.read(0.7):
            assert time.monotonic() < end, "the screen never came to rest"

    def type(self, keys: str) -> None:
        """All at once, as a terminal delivers what was typed while a program was busy."""
        os.write(self.fd, keys.encode())

    def exit_code(self) -> int:
        end = time.monotonic() + WITHIN
        while True:
            found, status = os.waitpid(self.pid, os.WNOHANG)
            if found:
                self.pid = 0
                return os.waitstatus_to_exitcode(status)
            assert time.monotonic() < end, "the process did not end"
            self.read(0.05)

    def end(self) -> None:
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        with suppress(OSError):
            os.close(self.fd)


@pytest.fixture
def scene(request: pytest.FixtureRequest) -> Iterator[Terminal]:
    terminal = Terminal(request.param)
    yield terminal
    terminal.end()


@pytest.mark.parametrize("scene", ["gate"], indirect=True)
def test_a_burst_of_keys_answers_nothing(scene: Terminal) -> None:
    scene.wait_for("waits for a person")
    scene.quiet()
    scene.type("\r\rs\rsyss")
    scene.quiet()
    scene.type("\x1b")
    scene.quiet()
    scene.type("q")
    scene.quiet()
    scene.type("l")
    scene.wait_for("changed:")
    assert b"changed: [] closed: True" in scene.seen
    assert scene.exit_code() == 0


@pytest.mark.parametrize("scene", ["deploying"], indirect=True)
def test_closing_the_terminal_ends_the_process_soon(scene: Terminal) -> None:
    scene.wait_for("CrashLoopBackOff")
    os.close(scene.fd)
    scene.fd = os.open(os.devnull, os.O_RDONLY)
    assert scene.exit_code() == 128 + signal.SIGHUP


@pytest.mark.parametrize("scene", ["deploying"], indirect=True)
def test_sigterm_closes_the_desk_and_restores_the_terminal(scene: Terminal) -> None:
    scene.wait_for("CrashLoopBackOff")
    os.kill(scene.pid, signal.SIGTERM)
    scene.wait_for("closed: True")
    assert b"\x1b[?1049l" in scene.seen
    assert scene.exit_code() == 128 + signal.SIGTERM


@pytest.mark.parametrize("scene", ["well"], indirect=True)
def test_no_byte_is_sent_while_nothing_changes(scene: Terminal) -> None:
    scene.wait_for("What is happening")
    scene.quiet()
    assert scene.read(3.0) == b""
