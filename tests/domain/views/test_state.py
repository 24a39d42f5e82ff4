"""What is known, and how newer values take the place of older ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

from console.domain.freshness import Source
from console.domain.snapshot import LINK, LinkSeen
from console.domain.views.state import ConsoleState, with_older, with_run, with_runs, with_snapshot
from console.domain.world import World
from tests.screens import scenes


def state() -> ConsoleState:
    return ConsoleState(now=scenes.NOW, zone=UTC, connecting="prod", environment=scenes.environment(), connected=True)


def test_an_older_record_of_a_run_changes_nothing() -> None:
    newer, older = scenes.at_the_gate().record, scenes.waiting_for_pods().record
    known = with_run(with_runs(state(), ()), newer)
    assert with_run(known, older) is known
    assert with_runs(known, (older,)).runs == (newer,)


def test_runs_stand_newest_first() -> None:
    one, other = scenes.finished(run=40, at=scenes.ago(99)).record, scenes.waiting_for_pods().record
    known = with_run(with_run(with_runs(state(), ()), one), other)
    assert [run.id for run in known.runs or ()] == [41, 40]
    assert known.open_run == other


def test_what_follows_from_a_world_is_worked_out_once() -> None:
    first = with_snapshot(state(), scenes.well(), scenes.NOW)
    assert first.snapshot is not None
    later = with_snapshot(first, replace(first.snapshot, freshness=scenes.lost(3, "gone")), scenes.NOW)
    assert later.derived is first.derived


def test_nothing_follows_from_services_that_were_not_read() -> None:
    unread = replace(scenes.well(), world=World("traider-prod", scenes.NOW, unread=frozenset({"Service"})))
    known = with_snapshot(state(), unread, scenes.NOW)
    assert known.derived is None
    assert known.position is None


def test_a_split_keeps_its_beginning_until_it_is_over() -> None:
    later = scenes.NOW + timedelta(seconds=5)
    seen = with_snapshot(with_snapshot(state(), scenes.split(), scenes.NOW), scenes.split(), later)
    assert seen.split_since == scenes.NOW
    assert with_snapshot(seen, scenes.switched(), later).split_since is None


def test_a_run_that_leaves_the_list_of_the_newest_stays_known() -> None:
    first, second, third = (scenes.finished(run=n, at=scenes.ago(99 - n)).record for n in (1, 2, 3))
    known = with_runs(with_runs(state(), (second, first)), (third, second))
    assert [run.id for run in known.recorded] == [3, 2, 1]
    assert known.older == (first,)


def test_a_run_that_was_opened_after_the_list_was_made_is_not_an_older_one() -> None:
    first, second = (scenes.finished(run=n, at=scenes.ago(99 - n)).record for n in (1, 2))
    known = with_runs(with_run(with_runs(state(), (first,)), second), (first,))
    assert [run.id for run in known.runs or ()] == [2, 1]
    assert known.older == ()


def test_older_runs_are_added_once_and_the_end_is_known() -> None:
    first, second, third = (scenes.finished(run=n, at=scenes.ago(99 - n)).record for n in (1, 2, 3))
    known = with_older(with_runs(state(), (third,)), (second,), whole=False)
    known = with_older(known, (second, first), whole=True)
    assert [run.id for run in known.recorded] == [3, 2, 1]
    assert known.oldest_known


def test_a_wait_is_measured_by_the_clock_of_the_api_server() -> None:
    """Its clock is 30 s ahead of this machine's."""
    heard = Source(confirmed=scenes.ago(2), known=True)
    link = LinkSeen(ok=True, server_time=scenes.NOW + timedelta(seconds=28))
    known = with_snapshot(state(), replace(scenes.well(), link=link, sources={LINK: heard}), scenes.NOW)
    assert known.server_now == scenes.NOW + timedelta(seconds=30)
    assert state().server_now == scenes.NOW
