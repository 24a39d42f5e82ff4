"""The App over a fake desk, with the clock standing still at the scene's time, and bounded waits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from textual.pilot import Pilot

from console.app.app import ConsoleApp
from console.app.desk import Watch, WatchFactory
from screens.base import ConsoleScreen
from screens.question import Question
from screens.widgets.guard import BURST
from screens.widgets.log_panel import LogPanel
from screens.widgets.panel import Panel
from screens.widgets.scroll_panel import ScrollPanel
from screens.widgets.table_panel import TablePanel
from tests.screens import scenes
from tests.screens.fake_desk import FakeDesk

SIZES = ((80, 24), (120, 40))


def console(desk: FakeDesk, *, now: Callable[[], datetime] = lambda: scenes.NOW, as_ascii: bool = False) -> ConsoleApp:
    """A console that reaches the desk at once."""

    async def factory() -> Watch:
        return desk

    return console_by(factory, now=now, as_ascii=as_ascii)


def console_by(factory: WatchFactory, *, now: Callable[[], datetime] = lambda: scenes.NOW, as_ascii: bool = False) -> ConsoleApp:
    return ConsoleApp(factory, connecting="traider-prod @ prod-eu1", zone=UTC, now=now, as_ascii=as_ascii)


async def until(pilot: Pilot[Any], holds: Callable[[], object], *, what: str, seconds: float = 20.0) -> None:
    """Let the app work until something holds; fails with what it waited for."""
    for _ in range(int(seconds / 0.02)):
        if holds():
            return
        await pilot.pause(0.02)
    raise AssertionError(f"waited {seconds} s for: {what}\n{shown(pilot.app)}")


async def see(pilot: Pilot[Any], text: str) -> None:
    """Wait until the screen on top shows `text`."""
    await until(pilot, lambda: text in shown(pilot.app), what=f"{text!r} on the screen")


async def at_home(pilot: Pilot[Any]) -> None:
    """Wait until the desk is there and its runs are read: which keys fit into the footer changes until then."""

    def there() -> bool:
        screen = pilot.app.screen
        return isinstance(screen, ConsoleScreen) and screen.state.connected and screen.state.runs is not None

    await until(pilot, there, what="the desk and its runs")


async def question(pilot: Pilot[Any], *, armed: bool = True) -> Question:
    """Wait for the question to be drawn, and to take answers."""

    def asked() -> bool:
        screen = pilot.app.screen
        return isinstance(screen, Question) and (screen.armed or not armed)

    await until(pilot, asked, what="a question that takes answers")
    screen = pilot.app.screen
    assert isinstance(screen, Question)
    return screen


async def deliberately(pilot: Pilot[Any], *keys: str) -> None:
    """Press each key as a hand does: on a question that takes answers, and not in a burst."""
    for key in keys:
        await question(pilot)
        await pilot.pause(BURST * 2)
        await pilot.press(key)


def shown(app: Any) -> str:
    """All that the panels of the screen on top say."""
    texts = [panel.text for panel in app.screen.query(Panel) if panel.display]
    lists = [panel.text for panel in app.screen.query(ScrollPanel) if panel.display]
    lists += [panel.text for panel in app.screen.query(TablePanel) if panel.display]
    lists += [panel.text for panel in app.screen.query(LogPanel) if panel.display]
    titles = [str(widget.border_title) for widget in app.screen.query("*") if widget.border_title]
    return "\n".join((*texts, *lists, *titles))
