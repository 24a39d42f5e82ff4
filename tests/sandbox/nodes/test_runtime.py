"""Processes of containers: quick starts, exit codes, signals, output, and no survivors."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from console.sandbox.nodes.logs import LogQuery
from console.sandbox.nodes.runtime import Process, Runtime, SpawnFailed, Start, running_runtime
from console.sandbox.ports import free_port
from tests.planes import short_folder
from tests.sandbox.waiting import until


@pytest.fixture
async def folder() -> AsyncIterator[Path]:
    with short_folder() as found:
        yield found


@pytest.fixture
async def runtime(folder: Path) -> AsyncIterator[Runtime]:
    async with running_runtime(folder, names=folder / "services.json") as found:
        yield found


def shell(folder: Path, script: str, **variables: str) -> Start:
    return Start(argv=["sh", "-c", script], environment={"PATH": os.environ["PATH"], **variables}, folder=folder)


async def output(process: Process) -> bytes:
    await asyncio.wait_for(process.output_ended.wait(), 5)
    return b"".join([chunk async for chunk in process.log.read(LogQuery())])


async def ends(process: Process) -> int:
    return await asyncio.wait_for(asyncio.shield(process.exited), 10)


async def test_a_command_runs_with_its_variables_in_its_folder(runtime: Runtime, folder: Path) -> None:
    process = await runtime.start(shell(folder, 'echo "$GREETING from $(pwd)"; echo trouble >&2; exit 3', GREETING="hello"))
    assert await ends(process) == 3
    assert await output(process) == f"hello from {folder}\ntrouble\n".encode()


async def test_nothing_of_the_nodes_own_environment_is_inherited(runtime: Runtime, folder: Path) -> None:
    process = await runtime.start(shell(folder, "env"))
    await ends(process)
    names = {line.partition(b"=")[0] for line in (await output(process)).splitlines()}
    assert names <= {b"PATH", b"PWD", b"_", b"SHLVL", b"OLDPWD"}


async def test_a_program_that_is_not_there_ends_with_127(runtime: Runtime, folder: Path) -> None:
    process = await runtime.start(Start(argv=["no-such-program"], environment={"PATH": "/usr/bin"}, folder=folder))
    assert await ends(process) == 127
    assert b"FileNotFoundError" in await output(process)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGKILL, 137)])
async def test_a_signal_reaches_the_whole_group_and_counts_as_128_and_its_number(
    runtime: Runtime, folder: Path, number: signal.Signals, code: int
) -> None:
    process = await runtime.start(shell(folder, "sleep 60 & echo $!; wait"))
    await _says(process, "")
    helper = int(process.log.last_words())
    process.send(number)
    assert await ends(process) == code
    await until(lambda: not Path(f"/proc/{helper}").exists())


async def test_what_a_process_left_behind_ends_with_it(runtime: Runtime, folder: Path) -> None:
    process = await runtime.start(shell(folder, "sleep 60 & echo $!"))
    assert await ends(process) == 0
    helper = int(await output(process))
    await until(lambda: not Path(f"/proc/{helper}").exists())


async def test_the_application_is_forked_in_milliseconds(runtime: Runtime, folder: Path) -> None:
    variables = {"COMPONENT": "backend", "DATABASE_URL": "postgresql://nowhere/", "RELEASE": "v1", "LAME_DUCK_SECONDS": "0"}
    times = []
    for _ in range(3):
        started = time.monotonic()
        process = await runtime.start(Start(argv=None, environment={**variables, "PORT": str(free_port())}, folder=folder))
        times.append(time.monotonic() - started)
        await _says(process, "serves on port")
        process.send(signal.SIGTERM)
        assert await ends(process) == 0
    assert min(times) < 0.05


async def test_a_configuration_error_of_the_application_is_said_in_its_log(runtime: Runtime, folder: Path) -> None:
    process = await runtime.start(Start(argv=None, environment={"COMPONENT": "backend"}, folder=folder))
    assert await ends(process) == 78
    assert await output(process) == b"configuration: DATABASE_URL is not set; a backend needs it\n"


async def test_too_much_is_refused(runtime: Runtime, folder: Path) -> None:
    with pytest.raises(SpawnFailed, match="60000 at most"):
        await runtime.start(shell(folder, "true", LARGE="x" * 70_000))
    assert await ends(await runtime.start(shell(folder, "exit 4"))) == 4, "the next one starts as usual"


async def test_all_containers_end_with_the_runtime(folder: Path) -> None:
    async with running_runtime(folder, names=folder / "services.json") as runtime:
        processes = [await runtime.start(shell(folder, "trap '' TERM; sleep 60")) for _ in range(3)]
        pids = [process.pid.result() for process in processes]
    await until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


async def _says(process: Process, text: str) -> None:
    await until(lambda: process.log.last_words() and text in process.log.last_words())
