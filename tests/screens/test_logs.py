"""The Logs screen: every key, whose logs are asked for, that a held page stays, and that a flood does not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.domain.logs import LogLine, LogPage, LogRequest, LogScope, LogSource, with_lines
from screens.logs import LogsScreen
from screens.overview import Overview
from screens.pods import PodsScreen
from tests.screens import scenes
from tests.screens.apps import console, see, shown, until
from tests.screens.fake_desk import FakeDesk

START = int(scenes.NOW.timestamp()) * 10**9
SOURCES = tuple(LogSource("blue", c, f"traider-{c}-blue-7d9f-x{n}", c, "following") for c in ("backend", "frontend") for n in range(2))


def lines(first: int, last: int, text: str = "GET /quotes/{n} 200") -> list[LogLine]:
    return [LogLine(START + n * 10**8, n % 4, text.format(n=n)) for n in range(first, last)]


def page(count: int) -> LogPage:
    return with_lines(LogPage(LogRequest(), SOURCES), lines(0, count))


@pytest.fixture
def desk() -> FakeDesk:
    desk = FakeDesk()
    desk.snapshot.put(scenes.deploying())
    desk.show_runs()
    desk.pages.put(page(100))
    return desk


async def test_the_logs_of_users_slot_are_followed_only_while_somebody_looks(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "l Logs")
        assert desk.asked_logs == []
        await pilot.press("l")
        await see(pilot, "Logs of blue, all components  100 lines")
        await see(pilot, "02:41:09.900 frontend x1 │ GET /quotes/99 200")
        assert desk.asked_logs == [LogRequest(LogScope("blue"))]
        desk.pages.put(with_lines(page(100), lines(100, 101)))
        await see(pilot, "GET /quotes/100 200")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, Overview), what="the Overview")
        await until(pilot, lambda: desk.asked_logs == [], what="nobody reads logs any more")


async def test_pausing_holds_the_lines_counts_the_new_ones_and_goes_on(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "l Logs")
        await pilot.press("l")
        await see(pilot, "GET /quotes/99 200")
        await pilot.press("space")
        await see(pilot, "‖ paused")
        desk.pages.put(with_lines(page(100), lines(100, 112)))
        await see(pilot, "paused, 12 new lines")
        assert "/quotes/111" not in shown(pilot.app)
        await see(pilot, "space Follow")
        await pilot.press("f")
        await see(pilot, "GET /quotes/111 200")
        await see(pilot, "following 4 containers")


async def test_moving_up_pauses_and_the_end_follows_again(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "l Logs")
        await pilot.press("l")
        await see(pilot, "GET /quotes/99 200")
        await pilot.press("pageup")
        await see(pilot, "paused")
        await until(pilot, lambda: "/quotes/99 " not in shown(pilot.app), what="older lines")
        await pilot.press("g")
        await see(pilot, "GET /quotes/0 200")
        await pilot.press("j", "k", "pagedown")
        await pilot.press("G")
        await see(pilot, "following 4 containers")
        await see(pilot, "GET /quotes/99 200")


async def test_a_filter_keeps_matches_only_and_esc_takes_it_away(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "l Logs")
        await pilot.press("l")
        await see(pilot, "GET /quotes/99 200")
        await pilot.press("slash", *"quotes/9 !99")
        await see(pilot, "10 of 100 lines with")
        await pilot.press("enter")
        assert "/quotes/99 " not in shown(pilot.app)
        assert "/quotes/98 " in shown(pilot.app)
        await pilot.press("escape")
        await see(pilot, "GET /quotes/99 200")
        assert isinstance(pilot.app.screen, LogsScreen)


async def test_long_lines_are_cut_or_wrapped_and_times_can_be_left_out(desk: FakeDesk) -> None:
    desk.pages.put(with_lines(LogPage(LogRequest(), SOURCES), lines(0, 3, "begin " + "x" * 120 + " end{n}")))
    async with console(desk).run_test(size=(120, 40)) as pilot:
        await see(pilot, "l Logs")
        await pilot.press("l")
        await see(pilot, "begin xxx")
        assert "end2" not in shown(pilot.app)
        await pilot.press("w")
        await see(pilot, "end2")
        await see(pilot, "w Cut")
        await see(pilot, "t No times")
        await pilot.press("t")
        await until(pilot, lambda: "02:41:00.100" not in shown(pilot.app), what="no times")
        await see(pilot, "t Times")


async def test_previous_containers_and_other_times_are_other_requests(desk: FakeDesk) -> None:
    blue = LogRequest(LogScope("blue"))
    async with console(desk).run_test() as pilot:
        await see(pilot, "l Logs")
        await pilot.press("l")
        await see(pilot, "GET /quotes/99 200")
        for key, request, words in (
            ("3", replace(blue, since=900.0), "last 15m"),
            ("1", replace(blue, since=60.0), "last 1m"),
            ("2", replace(blue, since=300.0), "last 5m"),
            ("4", replace(blue, since=3600.0), "last 1h"),
            ("0", blue, "Logs of blue"),
            ("p", replace(blue, previous=True), "Previous logs of blue"),
            ("p", blue, "Logs of blue"),
        ):
            await pilot.press(key)
            await until(pilot, lambda: desk.asked_logs == [request], what=f"{request} alone is read")  # noqa: B023
            await see(pilot, words)


async def test_lines_are_saved_to_a_file_and_its_path_is_said(desk: FakeDesk) -> None:
    desk.read_only = True
    async with console(desk).run_test() as pilot:
        await see(pilot, "l Logs")
        await pilot.press("l")
        await see(pilot, "GET /quotes/99 200")
        await pilot.press("s")
        await see(pilot, "written to /home/bob/.local/state/bluegreen/kept/logs-blue.txt")
    ((what, name, text),) = desk.calls
    assert (what, name) == ("keep", "logs-blue")
    assert str(text).count("\n") == 102


async def test_before_there_are_lines_saving_and_pausing_say_why_not() -> None:
    desk = FakeDesk()
    desk.snapshot.put(scenes.deploying())
    desk.show_runs()
    async with console(desk).run_test() as pilot:
        await see(pilot, "l Logs")
        await pilot.press("l")
        await see(pilot, "opening")
        await pilot.press("s")
        await see(pilot, "no lines yet")
        await pilot.press("question_mark")
        await see(pilot, "not now: no lines yet")
    assert desk.calls == []


@pytest.mark.parametrize(
    ("key", "scope"),
    [
        ("l", LogScope("green", "backend", "traider-backend-green-7d9f-x2")),
        ("L", LogScope("green", "backend")),
    ],
)
async def test_the_logs_of_a_pod_and_of_its_component_are_one_key_from_it(desk: FakeDesk, key: str, scope: LogScope) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "p Pods")
        await pilot.press("p")
        await see(pilot, "pod traider-backend-green-7d9f-x2")
        await pilot.press(key)
        await until(pilot, lambda: desk.asked_logs == [LogRequest(scope)], what="its log")
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(pilot.app.screen, PodsScreen), what="the pods")


async def test_a_log_that_fails_is_opened_again_and_said(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.app.link.FIRST_WAIT", 0.01)
    async with console(desk).run_test() as pilot:
        await see(pilot, "l Logs")
        await pilot.press("l")
        await see(pilot, "GET /quotes/99 200")
        desk.pages.fail(RuntimeError("socket closed"))
        await until(pilot, lambda: len(desk.asked_logs) == 1, what="read again")
        desk.pages.put(with_lines(page(100), lines(100, 105)))
        await see(pilot, "GET /quotes/104 200")
