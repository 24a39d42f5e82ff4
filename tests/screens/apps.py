"""The App over a fake desk, with the clock standing still at the scene's time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from console.app.app import ConsoleApp
from console.app.desk import Desk
from tests.screens import scenes
from tests.screens.fake_desk import FakeDesk


def console(desk: FakeDesk, *, now: Callable[[], datetime] = lambda: scenes.NOW, as_ascii: bool = False) -> ConsoleApp:
    async def factory() -> Desk:
        return desk

    return ConsoleApp(factory, connecting="traider-prod @ prod-eu1", zone=UTC, now=now, as_ascii=as_ascii)


def console_that_cannot_connect(factory: Callable[[], Awaitable[Desk]]) -> ConsoleApp:
    return ConsoleApp(factory, connecting="traider-prod @ prod-eu1", zone=UTC, now=lambda: scenes.NOW)
