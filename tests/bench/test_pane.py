"""The terminal of the bench: what stood on the screen, when it came, and what the process behind it costs."""

from __future__ import annotations

import os
import sys

import pytest

from tests.bench import processes
from tests.bench.pane import opened

PROGRAM = """
import os, sys, time
while time.process_time() < 0.1: pass  # what the kernel counts is coarse
size = os.get_terminal_size()
print(f"\\x1b[2J\\x1b[3;5H{size.columns}x{size.lines}", flush=True)
for line in sys.stdin:
    print(f"\\x1b[5;1Hgot {line.strip()}   ", flush=True)
"""


async def test_the_screen_is_read_as_a_terminal_would_show_it() -> None:
    async with opened([sys.executable, "-c", PROGRAM], environment=dict(os.environ)) as pane:
        painted = await pane.shows("120x40")
        assert pane.text.splitlines()[2].startswith("    120x40")
        assert pane.began < painted
        typed = pane.type("x\n")
        answered = await pane.shows("got x")
        assert typed < answered
        assert pane.drawn(typed, answered + 1.0) > 0
        assert pane.drawn(pane.began, painted) == 0
        assert processes.resident(pane.pid) > 1_000_000
        assert processes.cpu_seconds(pane.pid) > 0


async def test_what_never_comes_fails_with_what_was_there() -> None:
    async with opened([sys.executable, "-c", PROGRAM], environment=dict(os.environ)) as pane:
        await pane.shows("120x40")
        with pytest.raises(AssertionError, match=r"not on the screen within 0.05 s: 'else'(.|\n)*120x40"):
            await pane.shows("else", within=0.05)


async def test_nothing_of_it_is_left_afterwards() -> None:
    async with opened(["/bin/sh", "-c", "sleep 60 & echo on; wait"], environment=dict(os.environ)) as pane:
        await pane.shows("on")
        assert len(processes.children(pane.pid)) == 1
    assert pane.pid not in processes.children(os.getpid())
