"""Blocking calls that never block."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from console.metrics.background import Background
from tests.scripted import until


async def test_results_and_errors_come_back() -> None:
    background = Background(limit=2)
    assert await background.call(lambda: 7, timeout=5) == 7
    with pytest.raises(KeyError, match="x"):
        await background.call(lambda: dict[str, int]()["x"], timeout=5)


async def test_a_call_that_hangs_is_given_up_and_keeps_its_place() -> None:
    background, go, entered = Background(limit=1), threading.Event(), threading.Event()

    def hang() -> None:
        entered.set()
        go.wait(10)

    with pytest.raises(TimeoutError):
        await background.call(hang, timeout=0.1)
    assert entered.is_set()
    with pytest.raises(TimeoutError):
        await background.call(lambda: 1, timeout=0.1)
    go.set()
    await until(lambda: threading.active_count() < 50)
    assert await background.call(lambda: 2, timeout=5) == 2


async def test_only_so_many_run_at_once() -> None:
    background, lock = Background(limit=3), threading.Lock()
    running = most = 0

    def count() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    await asyncio.gather(*(background.call(count, timeout=5) for _ in range(30)))
    assert most == 3


def test_a_hanging_call_does_not_hold_the_programs_end_up() -> None:
    program = """
import asyncio, threading
from console.metrics.background import Background

async def main():
    try:
        await Background(limit=1).call(lambda: threading.Event().wait(60), timeout=0.1)
    except TimeoutError:
        print("given up")

asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True)
    assert (done.stdout, done.stderr) == ("given up\n", "")
