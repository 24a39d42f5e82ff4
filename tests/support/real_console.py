"""The real App over a real environment, driven key by key without a terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from console.app.app import ConsoleApp
from console.app.desk import Watch
from console.app.jumping import go
from console.cli.options import Options
from console.cli.watching import LiveWatch, open_watch
from tests.support.people import Person


class RealConsole:
    """Made by `real_console`."""

    def __init__(self, app: ConsoleApp, pilot: Pilot[Any]) -> None:
        self.app, self.pilot = app, pilot
        self.watch: LiveWatch | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Requests that left for the API server, by verb."""
        assert self.watch is not None, "nothing is connected yet"
        return dict(self.watch.connection.client.counts)

    async def press(self, *keys: str) -> None:
        """Keys one after the other, each given time to be acted on."""
        for key in keys:
            await self.pilot.press(key)

    async def go(self, word: str) -> None:
        """To the place of this word, from wherever this is."""
        core = self.app.core
        assert core is not None
        core.navigation.home()
        go(word, core, core.navigation)
        await self.pilot.pause()


@asynccontextmanager
async def real_console(
    person: Person, *, size: tuple[int, int] = (120, 40), read_only: bool = False, preferences: Path | None = None
) -> AsyncIterator[RealConsole]:
    """The console of a person for the length of the block."""
    options = Options(env="rehearsal", config=person.config, journal=str(person.journal), read_only=read_only)
    found: list[LiveWatch] = []

    async def factory() -> Watch:
        found.append(await open_watch(options))
        return found[-1]

    app = ConsoleApp(factory, connecting="the rehearsal", preferences=preferences)
    async with app.run_test(size=size) as pilot:
        console = RealConsole(app, pilot)
        async for _ in _until_connected(pilot, found):
            pass
        console.watch = found[-1]
        yield console


async def _until_connected(pilot: Pilot[Any], found: list[LiveWatch]) -> AsyncIterator[None]:
    for _ in range(3000):
        core = pilot.app.core  # type: ignore[attr-defined]
        if found and core is not None and core.state.connected and core.state.derived is not None:
            return
        await pilot.pause(0.02)
        yield
    raise AssertionError("the console did not connect within a minute")
