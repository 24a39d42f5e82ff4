"""Children end with their owner, say why they failed, and are stopped in time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from console.sandbox import supervise
from console.sandbox.supervise import Account, Child, ChildFailed, Command

SHELL = "/bin/sh"


def shell(script: str, folder: Path, *, grace: float = 5.0, account: Account | None = None) -> Command:
    """A command that runs a shell script and logs into the folder."""
    return Command(name="worker", argv=(SHELL, "-c", script), log=folder / "worker.log", grace=grace, account=account)


@contextlib.asynccontextmanager
async def started(command: Command) -> AsyncIterator[Child]:
    child = await supervise.start(command)
    try:
        yield child
    finally:
        await child.kill()


async def until(holds: Callable[[], object], *, within: float = 10.0) -> None:
    """Wait for a condition on the machine."""
    deadline = time.monotonic() + within
    while not holds():
        assert time.monotonic() < deadline, f"not true within {within:g} s"
        await asyncio.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether this process exists and is more than a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    shown = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(shown.strip()) and not shown.startswith("Z")


def said(command: Command) -> str:
    return command.log.read_text() if command.log.exists() else ""


async def yes() -> bool:
    return True


async def never() -> bool:
    return False


async def test_what_a_child_prints_is_in_its_log(tmp_path: Path) -> None:
    command = shell("echo out; echo err >&2; exit 3", tmp_path)
    async with started(command) as child:
        assert await child.ended(within=10) == 3
    assert said(command) == "out\nerr\n"


async def test_a_child_is_ready_when_its_probe_says_so(tmp_path: Path) -> None:
    answers = iter([False, False, True])

    async def probe() -> bool:
        return next(answers)

    async with supervise.running(shell("sleep 60", tmp_path), probe=probe, within=10) as child:
        assert child.exit_code is None
    assert not is_running(child.pid)
    assert next(answers, None) is None


async def test_a_child_that_ends_before_it_is_ready_shows_its_last_lines(tmp_path: Path) -> None:
    script = "for n in $(seq 1 40); do echo line $n; done; exit 7"
    async with started(shell(script, tmp_path)) as child:
        with pytest.raises(ChildFailed, match=r"worker ended with exit code 7 before it was ready") as failure:
            await child.ready(never, within=10)
    assert "| line 40" in str(failure.value)
    assert "| line 28" not in str(failure.value)
    assert str(tmp_path / "worker.log") in str(failure.value)


async def test_a_child_that_never_becomes_ready_is_given_up(tmp_path: Path) -> None:
    async with started(shell("echo thinking; sleep 60", tmp_path)) as child:
        await until(lambda: "thinking" in said(child.command))
        with pytest.raises(ChildFailed, match=r"worker was not ready within 0.1 s(.|\n)*thinking"):
            await child.ready(never, within=0.1)


async def test_a_program_that_does_not_exist_is_named(tmp_path: Path) -> None:
    command = Command(name="worker", argv=("/nowhere/at/all",), log=tmp_path / "worker.log")
    async with started(command) as child:
        with pytest.raises(ChildFailed, match="cannot run /nowhere/at/all: No such file or directory"):
            await child.ready(never, within=10)


async def test_stopping_lets_a_child_finish(tmp_path: Path) -> None:
    command = shell("trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done", tmp_path)
    async with started(command) as child:
        await until(lambda: "up" in said(command))
        assert await child.stop() == 0
    assert said(command) == "up\nbye\n"


async def test_stopping_kills_a_child_that_does_not_listen(tmp_path: Path) -> None:
    command = shell("trap '' TERM; echo up; while :; do sleep 0.05; done", tmp_path)
    async with started(command) as child:
        await until(lambda: "up" in said(command))
        assert await child.stop(grace=0.2) == 128 + signal.SIGKILL
    assert not is_running(child.pid)


async def test_stopping_twice_is_no_error(tmp_path: Path) -> None:
    async with started(shell("sleep 60", tmp_path)) as child:
        assert await child.stop() == await child.stop() == 128 + signal.SIGTERM


async def test_a_frozen_child_is_stopped_too(tmp_path: Path) -> None:
    async with started(shell("sleep 60", tmp_path)) as child:
        child.send(signal.SIGSTOP)
        assert await child.stop(grace=5) == 128 + signal.SIGTERM


async def test_what_a_child_left_running_ends_with_it(tmp_path: Path) -> None:
    command = shell("sleep 60 & echo $!", tmp_path)
    async with started(command) as child:
        assert await child.ended(within=10) == 0
    left = int(said(command))
    await until(lambda: not is_running(left))


async def test_a_child_has_a_session_of_its_own(tmp_path: Path) -> None:
    async with started(shell("sleep 60", tmp_path)) as child:
        await until(lambda: os.getsid(child.pid) == child.pid)
        assert os.getsid(0) != child.pid


async def test_a_child_may_be_stopped_on_another_event_loop(tmp_path: Path) -> None:
    async with started(shell("sleep 60", tmp_path)) as child:
        assert await asyncio.to_thread(asyncio.run, child.stop()) == 128 + signal.SIGTERM


async def test_a_child_whose_handle_is_lost_at_the_start_does_not_stay(tmp_path: Path) -> None:
    command = shell("echo $$; sleep 60", tmp_path)
    task = asyncio.create_task(supervise.start(command))
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await (await task).kill()
    await until(lambda: not said(command) or not is_running(int(said(command))))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may run a child as another user")
async def test_a_child_runs_as_the_account_it_was_given(tmp_path: Path) -> None:
    command = shell("id -u; id -g; id -G; sleep 60", tmp_path, account=Account(uid=65534, gid=65533))
    async with started(command):
        await until(lambda: said(command).count("\n") == 3)
    assert said(command).split() == ["65534", "65533", "65533"]


OWNER = """
import asyncio, os, sys
from pathlib import Path
from console.sandbox import supervise

async def own(folder):
    script = "trap '' TERM; sleep 61 & echo $! > grandchild; wait; while :; do sleep 1; done"
    command = supervise.Command(name="w", argv=("/bin/sh", "-c", script), log=folder / "log", folder=folder, grace=0.2)
    child = await supervise.start(command)
    guard = child._guard.pid
    if sys.argv[2] == "forks" and os.fork() == 0:
        os.closerange(0, 3)
        await asyncio.sleep(20)
    print(child.pid, guard, flush=True)
    await asyncio.sleep(60)

asyncio.run(own(Path(sys.argv[1])))
"""


async def owned(folder: Path, how: str) -> tuple[asyncio.subprocess.Process, list[int]]:
    """Another process that owns a child; the process, and child, guard and grandchild."""
    owner = await asyncio.create_subprocess_exec(sys.executable, "-c", OWNER, str(folder), how, stdout=asyncio.subprocess.PIPE)
    assert owner.stdout is not None
    child, guard = map(int, (await owner.stdout.readline()).split())
    note = folder / "grandchild"
    await until(lambda: note.exists() and note.read_text().strip())
    return owner, [child, guard, int(note.read_text())]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP, signal.SIGABRT])
async def test_an_owner_that_dies_takes_everything_with_it(tmp_path: Path, number: signal.Signals) -> None:
    owner, processes = await owned(tmp_path, "simple")
    assert all(map(is_running, processes))
    owner.send_signal(number)
    await owner.communicate()
    await until(lambda: not any(map(is_running, processes)))


async def test_an_owner_that_forked_and_dies_takes_everything_with_it(tmp_path: Path) -> None:
    """The fork holds the pipe open, so only the changed parent tells."""
    owner, processes = await owned(tmp_path, "forks")
    owner.kill()
    await owner.wait()
    await until(lambda: not any(map(is_running, processes)))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can end a process when its parent dies")
async def test_a_guard_that_is_killed_takes_the_child_with_it(tmp_path: Path) -> None:
    async with started(shell("sleep 60", tmp_path)) as child:
        await until(lambda: os.getsid(child.pid) == child.pid)
        child._guard.kill()
        await until(lambda: not is_running(child.pid))
