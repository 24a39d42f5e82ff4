"""Read-only on a whole cluster: every key of every screen and every command, and not one write leaves (SAFETY 4.4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from textual._callback import invoke

from console.app.commands import commands
from console.app.keymap import key_rows
from tests.e2e.conftest import Starts
from tests.screens.test_every_key import WAYS, pressed
from tests.support.real_console import RealConsole, real_console
from tests.support.scenario import Scenario

pytestmark = pytest.mark.slow

READS = {"get", "list", "watch", "log", "livez", "create"}
"""Verbs that may leave; `create` is for reviews of our own rights, which the API server stores nowhere."""
LEAVES = ("console.quit", "console.suspend")


async def stored(s: Scenario) -> Mapping[str, Any]:
    """Every object that a write of ours could touch, as it is stored; what the cluster itself goes on counting is left out."""
    found: dict[str, Any] = {}
    for plural in ("deployments", "services", "configmaps", "leases", "secrets"):
        for each in await s.app.list(plural):
            found[f"{plural} {each['metadata']['name']}"] = (each["metadata"].get("generation"), each.get("spec"), each.get("data"))
    return found


async def press_everything(c: RealConsole) -> None:
    """Every key on the screen that it belongs to, and after it the letters that dialogs are answered with."""
    for row in key_rows():
        if row.id not in LEAVES:
            await c.go(WAYS[row.where].replace("41", "1"))
            await c.press(pressed(row), "s")


async def run_every_command(c: RealConsole) -> None:
    core = c.app.core
    assert core is not None
    for command in list(commands(core, c.app.screen)):
        if command.title not in ("Quit", "Suspend; fg comes back"):
            await invoke(command.callback)
            await c.press("s", "escape")


@pytest.mark.parametrize("box", ["embedded"], indirect=True)
async def test_no_key_and_no_command_of_a_read_only_console_writes(scenario: Starts) -> None:
    async with scenario() as s:
        await s.deploy("v1.4.2")
        await s.deploy("v1.5.0")
        before = await stored(s)
        async with real_console(s.operator, read_only=True) as c:
            await press_everything(c)
            await run_every_command(c)
            assert set(c.counts) <= READS
            assert c.app.is_running, "a key ended the console"
        assert await stored(s) == before
        assert [run["run"] for run in (await s.cli("--json", "runs")).json] == [2, 1]


COMMANDS: tuple[tuple[str, ...], ...] = (
    ("run", "deploy", "-i", "release=v1.4.1", "--yes", "--reason", "x"),
    ("run", "hotfix", "-i", "release=backend=v1.4.1", "--yes", "--reason", "x"),
    ("rollback", "--yes", "--reason", "x"),
    ("retire", "--yes", "--reason", "x"),
    ("hold", "v1.5.0", "--reason", "x"),
    ("hold", "v1.5.0", "--lift", "--reason", "x"),
    ("resume", "1"),
    ("abort", "1"),
    ("answer", "1", "--value", "x"),
    ("skip", "1", "--reason", "x"),
    ("suspend", "1", "--reason", "x"),
    ("note", "1", "--text", "x"),
    ("evidence", "1", "--text", "x"),
)


@pytest.mark.parametrize("box", ["embedded"], indirect=True)
async def test_every_command_that_would_change_something_is_refused_with_a_sentence(scenario: Starts) -> None:
    async with scenario() as s:
        await s.deploy("v1.4.2")
        await s.deploy("v1.5.0")
        before = await stored(s)
        for words in COMMANDS:
            ran = await s.cli("--read-only", *words)
            assert ran.code == 3, f"{words}: {ran}"
            assert "Traceback" not in ran.err
            assert ran.err.strip(), f"{words} said nothing"
        looks: tuple[tuple[str, ...], ...] = (
            ("status",),
            ("health",),
            ("runs",),
            ("show", "1"),
            ("plan", "deploy", "-i", "release=v1.4.1"),
            ("rollback", "--print"),
        )
        for words in looks:
            (await s.cli("--read-only", *words)).expect(0)
        assert await stored(s) == before
