"""A real runner process: warm, handed a run, and deaf to everything but the run's end."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import sys
import time
from pathlib import Path

import pytest

from console.domain.run import RunRecord
from console.engine import process
from console.engine.process import Child, RunnerFailed, WarmRunner
from console.journal.lock import held
from tests.engine.conftest import MakeRig
from tests.engine.rig import Rig
from tests.engine.runner_main import ALL


@pytest.fixture
async def shop(make_rig: MakeRig, monkeypatch: pytest.MonkeyPatch) -> Rig:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    return await make_rig(runbooks=ALL)


def argv(folder: Path, how: str = "") -> list[str]:
    return [sys.executable, "-m", "tests.engine.runner_main", str(folder), how]


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


async def gone(pid: int) -> None:
    async with asyncio.timeout(10):
        while alive(pid):
            await asyncio.sleep(0.01)


def with_terminal(*command: str) -> tuple[int, int]:
    """Start a command as leader of a session on a terminal of its own: closing that hangs up on it."""
    terminal, inside = pty.openpty()
    opens = [(os.POSIX_SPAWN_OPEN, 0, os.ttyname(inside), os.O_RDWR, 0), (os.POSIX_SPAWN_DUP2, 0, 1), (os.POSIX_SPAWN_DUP2, 0, 2)]
    pid = os.posix_spawn(command[0], command, os.environ, file_actions=opens, setsid=True)
    os.close(inside)
    return pid, terminal


async def ended(shop: Rig, run: int) -> RunRecord:
    return await shop.until(run, lambda r: not r.open)


async def test_an_idle_runner_ends_with_its_pipe(tmp_path: Path, shop: Rig) -> None:
    async with WarmRunner(argv(tmp_path), log=tmp_path / "log") as runner:
        child = await runner._ready()
        assert alive(child.pid)
        assert os.getsid(child.pid) == child.pid
    await gone(child.pid)


async def test_a_run_is_accepted_and_outlives_its_parent(tmp_path: Path, shop: Rig) -> None:
    opened = await shop.open("short", {"release": "v2"}, assume_yes=True)
    async with WarmRunner(argv(tmp_path), log=tmp_path / "log") as runner:
        pid = await runner.drive(opened.ref)
    os.kill(pid, signal.SIGHUP)
    record = await ended(shop, opened.run)
    assert (record.outcome, record.driver_pid) == ("done", pid)
    await gone(pid)


async def test_a_closed_terminal_does_not_end_the_run(tmp_path: Path, shop: Rig) -> None:
    opened = await shop.open("short", {"release": "v2"}, assume_yes=True)
    parent, terminal = with_terminal(sys.executable, "-m", "tests.engine.parent_main", str(tmp_path), opened.ref)
    said = b""
    async with asyncio.timeout(20):
        while b"pid " not in said:
            said += await asyncio.to_thread(os.read, terminal, 4096)
    os.close(terminal)
    assert os.waitstatus_to_exitcode((await asyncio.to_thread(os.waitpid, parent, 0))[1]) == -signal.SIGHUP
    assert (await ended(shop, opened.run)).outcome == "done"


async def test_sigterm_is_honoured_at_a_safe_point_and_the_run_goes_on_in_another(tmp_path: Path, shop: Rig) -> None:
    opened = await shop.open("long", {"release": "v2"}, assume_yes=True)
    async with WarmRunner(argv(tmp_path), log=tmp_path / "log") as runner:
        pid = await runner.drive(opened.ref)
    await shop.until(opened.run, lambda r: r.step("wait").attempts)
    os.kill(pid, signal.SIGTERM)
    record = await shop.until(opened.run, lambda r: r.released)
    assert (record.open, record.released) == (True, "the runner was told to end (SIGTERM)")
    await gone(pid)


async def test_a_killed_runner_is_noticed_and_the_run_resumed_by_another(tmp_path: Path, shop: Rig) -> None:
    opened = await shop.open("long", {"release": "v2"}, assume_yes=True)
    async with WarmRunner(argv(tmp_path), log=tmp_path / "log") as runner:
        pid = await runner.drive(opened.ref)
    await shop.until(opened.run, lambda r: r.step("wait").attempts)
    assert held(shop.deps.place.runs, opened.uid)
    os.kill(pid, signal.SIGKILL)
    await gone(pid)
    assert not held(shop.deps.place.runs, opened.uid)
    assert (await shop.record(opened.run)).open


async def test_a_run_that_is_driven_is_not_accepted_twice(tmp_path: Path, shop: Rig) -> None:
    opened = await shop.open("long", {"release": "v2"}, assume_yes=True)
    async with WarmRunner(argv(tmp_path), replaces=False, log=tmp_path / "log") as runner:
        pid = await runner.drive(opened.ref)
        with pytest.raises(RunnerFailed, match=rf"another runner \(process {pid}\) drives this run"):
            await runner.drive(opened.ref)
    os.kill(pid, signal.SIGTERM)
    await gone(pid)


async def test_one_that_cannot_connect_says_why(tmp_path: Path) -> None:
    async with WarmRunner(argv(tmp_path, "cannot connect"), log=tmp_path / "log") as runner:
        with pytest.raises(RunnerFailed, match="the API server does not know us"):
            await runner.drive("1")


async def test_one_that_dies_points_at_its_log(tmp_path: Path) -> None:
    async with WarmRunner(argv(tmp_path, "dies"), log=tmp_path / "log") as runner:
        with pytest.raises(RunnerFailed, match=r"did not start: it ended without a word. See .*/log"):
            await runner.drive("1")


async def test_one_that_does_not_accept_in_time_is_ended(tmp_path: Path, shop: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "ACCEPT_SECONDS", 0.3)
    opened = await shop.open("short", {"release": "v2"}, assume_yes=True)
    child = Child(argv(tmp_path, "deaf"), tmp_path / "log")
    await child.ready()
    with pytest.raises(RunnerFailed, match=r"did not accept run 1 within 0\.3 s"):
        await child.hand_over(opened.ref)
    child.let_go()
    await gone(child.pid)
    assert (await shop.record(opened.run)).claims == 0


async def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunnerFailed, match="the runner cannot be started: No such file"):
        Child([str(tmp_path / "nothing")], tmp_path / "log")


async def test_a_waiting_runner_that_died_is_replaced(tmp_path: Path, shop: Rig) -> None:
    opened = await shop.open("short", {"release": "v2"}, assume_yes=True)
    async with WarmRunner(argv(tmp_path), replaces=False, log=tmp_path / "log") as runner:
        first = await runner._ready()
        os.kill(first.pid, signal.SIGKILL)
        await gone(first.pid)
        assert first._ended.wait(5)
        pid = await runner.drive(opened.ref)
    assert pid != first.pid
    assert (await ended(shop, opened.run)).outcome == "done"


async def test_a_warm_runner_accepts_at_once(tmp_path: Path, shop: Rig) -> None:
    opened = await shop.open("short", {"release": "v2"}, assume_yes=True)
    async with WarmRunner(argv(tmp_path), replaces=False, log=tmp_path / "log") as runner:
        await runner._ready()
        await runner.prewarm()
        began = time.monotonic()
        await runner.drive(opened.ref)
        assert time.monotonic() - began < 1.0
    await ended(shop, opened.run)
