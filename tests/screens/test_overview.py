"""The Overview on live data: connecting, losing, healing, resizing, and bells."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from console.app.desk import Watch
from console.domain.errors import UsageError
from console.domain.freshness import Freshness
from console.domain.snapshot import METRICS
from screens.overview import Overview
from tests.screens import scenes
from tests.screens.apps import SIZES, console, console_by, see, shown, until
from tests.screens.fake_desk import FakeDesk


async def test_until_the_desk_is_there_nothing_looks_healthy(desk: FakeDesk) -> None:
    async with console(desk).run_test() as pilot:
        await see(pilot, "UNKNOWN")
        text = shown(pilot.app)
        assert "USERS ? unknown: connecting to traider-prod @ prod-eu1" in text
        assert "●" not in text
        assert "✔" not in text
        desk.snapshot.put(scenes.well())
        desk.show_runs()
        await see(pilot, "USERS ● blue v1.4.2, well")


async def test_a_desk_that_cannot_be_made_is_said_and_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.app.link.FIRST_WAIT", 0.01)
    desk, tries = FakeDesk(), 0
    desk.snapshot.put(scenes.well())

    async def factory() -> Watch:
        nonlocal tries
        tries += 1
        if tries < 3:
            raise UsageError("config/environments/production.yml:3:1: unknown key “clustr”", hint="Did you mean “cluster”?")
        return desk

    async with console_by(factory).run_test() as pilot:
        await see(pilot, "USERS ● blue v1.4.2, well")
        assert tries == 3
        await until(pilot, lambda: "cannot connect" not in shown(pilot.app), what="the trouble to be over")


async def test_the_reason_why_it_cannot_connect_stays_on_the_screen() -> None:
    async def factory() -> Watch:
        raise UsageError("production.yml:3:1: unknown key “clustr”", hint="Did you mean “cluster”?")

    async with console_by(factory).run_test() as pilot:
        await see(pilot, "cannot connect: production.yml:3:1: unknown key “clustr”. Did you mean")
        assert isinstance(pilot.app.screen, Overview)


async def test_the_picture_waits_for_no_desk_and_actions_do(desk: FakeDesk) -> None:
    desk.opening.clear()
    desk.snapshot.put(scenes.well())
    async with console(desk).run_test() as pilot:
        await see(pilot, "USERS ● blue v1.4.2, well")
        await pilot.press("d")
        await see(pilot, "not connected yet")
        assert "bob" not in shown(pilot.app)
        desk.opening.set()
        await see(pilot, "▪ bob")
        await pilot.press("d")
        await see(pilot, "Makes a plan first")


async def test_a_desk_that_does_not_open_is_said_over_the_picture_and_tried_again(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.app.link.FIRST_WAIT", 0.05)
    desk.shut = UsageError("runbooks/deploy.yml:7:5: there is no action “slots.aply”")
    desk.snapshot.put(scenes.well())
    async with console(desk).run_test() as pilot:
        await see(pilot, "cannot connect: runbooks/deploy.yml:7:5: there is no action “slots.aply”")
        assert "USERS ● blue v1.4.2, well" in shown(pilot.app)
        desk.shut = None
        await see(pilot, "▪ bob")
        assert "cannot connect" not in shown(pilot.app)
    assert desk.closed


async def test_a_stream_that_breaks_is_said_and_opened_again(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("console.app.link.FIRST_WAIT", 0.3)
    desk.snapshot.put(scenes.well())
    async with console(desk).run_test() as pilot:
        await see(pilot, "USERS ● blue")
        desk.snapshot.fail(RuntimeError("decoder failed"))
        await see(pilot, "snapshots: RuntimeError: decoder failed")
        await until(pilot, lambda: "decoder failed" not in shown(pilot.app), what="the stream to be opened again")


async def test_a_lost_api_server_is_marked_on_every_panel_and_heals(desk: FakeDesk) -> None:
    desk.snapshot.put(scenes.deploying())
    desk.show_runs()
    async with console(desk).run_test() as pilot:
        await see(pilot, "USERS ● blue v1.4.2, well")
        desk.snapshot.put(scenes.api_lost())
        await see(pilot, "USERS ? LOST 12s, before that: blue v1.4.2, well")
        text = shown(pilot.app)
        assert text.count("▪ LOST 12s") == 2
        assert "Way back  ? LOST 12s" in text
        assert "Kubernetes API LOST 12s: connection refused" in text
        assert "● 3/3" not in text
        desk.snapshot.put(scenes.deploying())
        await see(pilot, "USERS ● blue v1.4.2, well")
        assert "LOST" not in shown(pilot.app)


async def test_lost_figures_are_said_and_the_rest_stays(desk: FakeDesk) -> None:
    gone = {**scenes.FRESH, METRICS: Freshness("LOST", scenes.ago(70), "HTTP 503")}
    desk.snapshot.put(replace(scenes.well(), freshness=gone))
    async with console(desk).run_test() as pilot:
        await see(pilot, "Prometheus LOST 1m10s: HTTP 503")
        assert "USERS ● blue v1.4.2, well" in shown(pilot.app)


async def test_split_traffic_stands_above_everything_with_its_age(desk: FakeDesk) -> None:
    moment: list[datetime] = [scenes.NOW]
    desk.snapshot.put(scenes.split())
    async with console(desk, now=lambda: moment[0]).run_test() as pilot:
        await see(pilot, "SPLIT 0.0s  backend → blue  frontend → green")
        moment[0] = scenes.NOW + timedelta(seconds=1.2)
        desk.snapshot.put(replace(scenes.split(), link=replace(scenes.split().link, latency=0.005)))
        await see(pilot, "SPLIT 1.2s")
        assert shown(pilot.app).splitlines()[0].startswith(" ✗ SPLIT")
        await pilot.press("enter", "r")
        await see(pilot, "SPLIT 1.2s")


async def test_a_question_rings_once(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.snapshot.put(scenes.deploying())
    desk.show_runs(scenes.waiting_for_pods())
    app = console(desk)
    rings: list[int] = []
    monkeypatch.setattr(app, "bell", lambda: rings.append(1))
    async with app.run_test() as pilot:
        await see(pilot, "step 4 of 9")
        assert rings == []
        desk.show_runs(scenes.at_the_gate())
        await see(pilot, "waits for a person: Switch live traffic to green?")
        desk.snapshot.put(scenes.well())
        await see(pilot, "nothing to ask: no pods")
    assert rings == [1]


@pytest.mark.parametrize("size", [(40, 10), (79, 24), (80, 23)])
async def test_a_terminal_that_is_too_small_says_so_and_how_things_stand(desk: FakeDesk, size: tuple[int, int]) -> None:
    desk.snapshot.put(scenes.well())
    async with console(desk).run_test(size=size) as pilot:
        await see(pilot, "the console needs 80x24")
        await see(pilot, "PRODUCTION  USERS ● blue v1.4.2, well")


async def test_resizing_at_any_moment_loses_nothing(desk: FakeDesk) -> None:
    desk.snapshot.put(scenes.deploying())
    desk.show_runs(scenes.waiting_for_pods())
    async with console(desk).run_test() as pilot:
        await see(pilot, "step 4 of 9")
        for size in ((250, 70), (60, 15), (120, 40), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.press("enter")
            await pilot.resize_terminal(size[0] + 1, size[1] + 1)
            await pilot.press("escape")
        await pilot.resize_terminal(80, 24)
        await see(pilot, "backend   ◐ 2/3")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("theme", ["bluegreen-light", "bluegreen-colour-blind", "ansi-dark", "ansi-light", "textual-dark"])
async def test_every_theme_shows_the_same_words(desk: FakeDesk, size: tuple[int, int], theme: str) -> None:
    desk.snapshot.put(scenes.deploying())
    desk.show_runs(scenes.waiting_for_pods())
    async with console(desk).run_test(size=size) as pilot:
        await see(pilot, "(usually 21s)")
        before = shown(pilot.app)
        pilot.app.theme = theme
        await pilot.pause(0.1)
        assert shown(pilot.app) == before


async def test_without_glyphs_the_same_is_drawn_in_ascii(desk: FakeDesk) -> None:
    desk.snapshot.put(scenes.split())
    desk.show_runs(scenes.waiting_for_pods())
    async with console(desk, as_ascii=True).run_test() as pilot:
        await see(pilot, "step 4 of 9")
        drawn = _drawn(pilot.app)
        assert drawn.isascii(), sorted({c for c in drawn if not c.isascii()})


async def test_text_from_the_cluster_cannot_move_the_cursor(desk: FakeDesk) -> None:
    seen = scenes.deploying()
    assert seen.world is not None
    evil = {name: replace(e, message="\x1b[2J\x1b[H gone\r\n\tnow \x07") for name, e in seen.world.events.items()}
    desk.snapshot.put(replace(seen, world=replace(seen.world, events=evil)))
    async with console(desk).run_test() as pilot:
        await see(pilot, "gone now")
        assert "\x1b" not in _drawn(pilot.app)


async def test_a_screen_that_cannot_draw_says_so_and_the_console_lives(desk: FakeDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("unheard of")

    desk.snapshot.put(scenes.well())
    async with console(desk).run_test() as pilot:
        await see(pilot, "USERS ● blue")
        monkeypatch.setattr("screens.overview.overview_view", broken)
        await see(pilot, "Overview cannot show this: KeyError: 'unheard of'")
        monkeypatch.undo()
        desk.snapshot.put(scenes.switched())
        await see(pilot, "USERS ● green v1.5.0, well")


def _drawn(app: Any) -> str:
    """All characters that are on the screen."""
    width, height = app.size
    lines = app.screen._compositor.render_strips(app.size)
    assert len(lines) == height
    return "".join(strip.text[:width] for strip in lines)
