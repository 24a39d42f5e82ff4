"""Going to places by name, copying, crumbs, preferences, and a console without settings."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest
from rich.segment import Segments
from textual import events
from textual.await_complete import AwaitComplete

import screens
from console.app.app import ConsoleApp
from console.app.desk import FirstUseNeeded, Watch
from console.domain.views.first_use import FirstUse
from console.domain.views.jump import Destination, fitting
from screens.events import EventsScreen
from screens.form import InputForm
from screens.jump import Jump
from screens.overview import Overview
from screens.page import Page
from screens.places import PLACES, Place
from screens.rollback import RollbackScreen
from screens.run import RunScreen
from screens.welcome import Welcome
from screens.widgets.table_panel import TablePanel
from tests.screens import scenes
from tests.screens.apps import at_home, console, console_by, see, shown, until
from tests.screens.fake_desk import FakeDesk


@pytest.fixture
def desk() -> FakeDesk:
    desk = FakeDesk()
    desk.snapshot.put(scenes.switched())
    desk.show_runs(scenes.at_the_gate())
    return desk


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", ["overview", "rollback", "events", "plan rollback", "run 41"]),
        ("roll", ["rollback", "plan rollback"]),
        ("rollback", ["rollback", "plan rollback"]),
        ("EV", ["events", "overview"]),
        ("41", ["run 41"]),
        ("rbk", ["rollback", "plan rollback"]),
        ("zzz", []),
    ],
)
def test_what_is_typed_finds_names_then_beginnings_then_letters_in_order(typed: str, words: list[str]) -> None:
    known = (
        Destination("overview", ""),
        Destination("rollback", ""),
        Destination("events", "", ("ev",)),
        Destination("plan rollback", "", ("rollback",)),
        Destination("run 41", "", ("41",)),
    )
    assert [each.word for each in fitting(known, typed)] == words


@pytest.mark.parametrize(
    ("typed", "screen"),
    [("ev", EventsScreen), ("back", RollbackScreen), ("run 41", RunScreen), ("41", RunScreen), ("deploy", InputForm), ("home", Overview)],
)
async def test_a_place_is_gone_to_by_its_name(desk: FakeDesk, typed: str, screen: type[object]) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "enter Run 41")
        await pilot.press("colon", *typed, "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, screen), what=f"the {screen.__name__}")
    assert desk.changing_calls == []


async def test_the_line_offers_completes_and_is_left(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "enter Run 41")
        await pilot.press("colon", *"zzz")
        await see(pilot, "nothing is called so")
        await pilot.press("enter", "escape", "colon", "e", "tab")
        assert isinstance(pilot.app.screen, Jump)
        await pilot.press("down", "up", "enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, EventsScreen), what="the events")


async def test_copying_says_where_the_text_was_written(desk: FakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with console(desk).run_test(size=(200, 40)) as pilot:
        await see(pilot, "enter Run 41")
        await pilot.press("y")
        await see(pilot, "written to")
    copied = tmp_path / "bluegreen" / "copied.txt"
    assert "Way back" in copied.read_text()
    assert copied.stat().st_mode & 0o777 == 0o600


async def test_crumbs_say_the_way_here(desk: FakeDesk) -> None:
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await at_home(pilot)
        await see(pilot, "Overview  02:41 UTC")
        await pilot.press("enter")
        await see(pilot, "Overview › Run 41  02:41 UTC")


async def test_what_a_screen_has_drawn_goes_with_it(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await at_home(pilot)
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EventsScreen), what="the events")
        drawn = weakref.ref(pilot.app.screen.query_one(TablePanel)._styles_cache)
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Overview), what="the Overview")
        await until(pilot, lambda: gc.collect() and drawn() is None, what="nothing keeps the lines any more")


@pytest.mark.parametrize("place", [place for place in PLACES if place.key], ids=lambda place: place.name)
async def test_every_place_names_itself_on_top(desk: FakeDesk, place: Place) -> None:
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await at_home(pilot)
        await pilot.press(place.key)
        await see(pilot, f"Overview › {place.label}  02:41 UTC")


async def test_keys_theme_and_glyphs_follow_the_users_file(desk: FakeDesk, tmp_path: Path) -> None:
    (tmp_path / "console.yml").write_text("theme: bluegreen-light\nascii: true\nkeys: {overview.events: E}\n")

    async def factory() -> Watch:
        return desk

    app = ConsoleApp(factory, connecting="prod", now=lambda: scenes.NOW, preferences=tmp_path)
    async with app.run_test() as pilot:
        await see(pilot, "enter Run 41")
        await until(pilot, lambda: app.theme == "bluegreen-light" and app.has_class("-ascii"), what="the theme")
        await pilot.press("e")
        assert isinstance(pilot.app.screen, Overview)
        await pilot.press("E")
        await until(pilot, lambda: isinstance(pilot.app.screen, EventsScreen), what="the events")


async def test_a_mistake_in_the_users_file_is_said_and_the_console_opens(desk: FakeDesk, tmp_path: Path) -> None:
    (tmp_path / "console.yml").write_text("theme: nrod\n")

    async def factory() -> Watch:
        return desk

    async with ConsoleApp(factory, connecting="prod", now=lambda: scenes.NOW, preferences=tmp_path).run_test(size=(120, 30)) as pilot:
        await see(pilot, "console.yml:1:8: there is no theme 'nrod'")
        await see(pilot, "enter Run 41")


def unconfigured(tmp_path: Path, *, contexts: tuple[str, ...] = ("prod-eu1", "staging")) -> FirstUse:
    return FirstUse(
        ("./config/environments/*.yml",), "~/.kube/config", contexts, str(tmp_path / "production.yml"), "environment: production\n"
    )


async def test_without_settings_the_console_says_what_to_do_and_goes_on_by_itself(
    desk: FakeDesk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.app.link.FIRST_WAIT", 0.05)
    view = unconfigured(tmp_path)

    def write() -> Path:
        path = Path(view.target)
        with path.open("x") as file:
            file.write(view.example)
        return path

    async def factory() -> Watch:
        if not Path(view.target).exists():
            raise FirstUseNeeded(view, write)
        return desk

    async with console_by(factory).run_test(size=(100, 40)) as pilot:
        await see(pilot, "No settings were found")
        for text in ("./config/environments/*.yml", "prod-eu1 (current), and 1 more", "environment: production", "s starts the sandbox"):
            assert text in shown(pilot.app)
        assert isinstance(pilot.app.screen, Welcome)
        await pilot.press("w")
        await until(pilot, lambda: isinstance(pilot.app.screen, Overview), what="the Overview")
        await see(pilot, "enter Run 41")
    assert Path(view.target).read_text() == "environment: production\n"


async def test_a_file_that_is_there_is_left_alone_and_without_a_kubeconfig_none_is_written(tmp_path: Path) -> None:
    def write() -> Path:
        raise FileExistsError

    for contexts, said in ((("prod",), "left as it is"), ((), "there is no kubeconfig to write it for")):
        view = unconfigured(tmp_path, contexts=contexts)

        async def factory(view: FirstUse = view) -> Watch:
            raise FirstUseNeeded(view, write)

        async with console_by(factory).run_test(size=(100, 40)) as pilot:
            await see(pilot, "No settings were found")
            await pilot.press("w")
            await see(pilot, said)


async def test_the_sandbox_is_one_key_away(tmp_path: Path) -> None:
    async def factory() -> Watch:
        raise FirstUseNeeded(unconfigured(tmp_path), lambda: tmp_path)

    app = console_by(factory)
    async with app.run_test() as pilot:
        await see(pilot, "No settings were found")
        await pilot.press("s")
    assert app.return_value == -1


async def test_a_second_enter_behind_the_one_that_went_somewhere_closes_nothing_else(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "enter Run 41")
        await pilot.press("colon", "e", "v")
        await until(pilot, lambda: isinstance(pilot.app.screen, Jump), what="the line")
        for _ in range(3):
            pilot.app.post_message(events.Key("enter", "\r"))
        await until(pilot, lambda: isinstance(pilot.app.screen, EventsScreen), what="the events")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Overview), what="the Overview")


async def test_a_mistake_of_the_console_is_shown_without_what_its_variables_held(desk: FakeDesk) -> None:
    app = console(desk)
    async with app.run_test():
        secret = "hunter2"
        try:
            raise ValueError(len(secret))
        except ValueError:
            app._fatal_error()
        (rendered,) = app._exit_renderables
        assert isinstance(rendered, Segments)
        shown_at_the_end = "".join(part.text for part in rendered.segments)
        app._exit_renderables.clear()
    assert "ValueError: 7" in shown_at_the_end
    assert "hunter2" not in shown_at_the_end.replace('secret = "hunter2"', "")
    assert "locals" not in shown_at_the_end
    assert "Runs go on without it" in shown_at_the_end


class Clumsy(Page):
    """A dialog that makes a mistake while it goes, as one does whose widgets are gone before a message for them."""

    CSS_PATH = str(Path(screens.__file__).with_name("page.tcss"))

    def dismiss(self, result: None = None) -> AwaitComplete:
        self.call_next(self._late)
        return super().dismiss(result)

    def _late(self) -> None:
        raise LookupError("no such widget any more")


async def test_a_mistake_in_a_screen_that_was_left_ends_nothing(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "enter Run 41")
        core = pilot.app.core  # type: ignore[attr-defined]
        pilot.app.push_screen(Clumsy(core.state, "a page"))
        await until(pilot, lambda: isinstance(pilot.app.screen, Clumsy), what="the page")
        await pilot.press("escape")
        await see(pilot, "a screen that was left: LookupError: no such widget any more")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EventsScreen), what="the events")


async def test_a_worker_that_is_not_ours_ends_nothing(desk: FakeDesk) -> None:
    async def breaks() -> None:
        raise LookupError("no such list")

    async with console(desk).run_test(size=(120, 40)) as pilot:
        await see(pilot, "enter Run 41")
        pilot.app.run_worker(breaks(), exit_on_error=True)
        await see(pilot, "LookupError: no such list")
        await pilot.press("e")
        await until(pilot, lambda: isinstance(pilot.app.screen, EventsScreen), what="the events")
