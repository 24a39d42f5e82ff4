"""Every connection in words: what is fresh, what is lost and why, and that an error which is over is still told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

import pytest

from console.domain.connections import LeaseSeen
from console.domain.freshness import Freshness, Source
from console.domain.snapshot import LINK, METRICS, Snapshot
from console.domain.views.marks import Mark
from console.domain.views.readiness import Readiness
from console.domain.views.sources import SourceRow, about_source, source_rows, sources_table
from console.domain.views.state import ConsoleState, with_snapshot
from tests.screens import scenes


def known(snapshot: Snapshot | None, **more: object) -> ConsoleState:
    state = ConsoleState(scenes.NOW, UTC, "prod", scenes.environment(), connected=True, runbooks=scenes.runbooks())
    state = replace(state, connections=scenes.connections(), **more)  # type: ignore[arg-type]
    return with_snapshot(state, snapshot, scenes.NOW) if snapshot else state


def row(state: ConsoleState, name: str) -> SourceRow:
    return next(each for each in source_rows(state) if each.name == name)


def test_all_is_fresh_and_each_says_what_it_gives() -> None:
    state = known(scenes.deploying(), readiness=Readiness(scenes.ago(3), "blue", "v1.4.2"))
    link = row(state, "Kubernetes API")
    assert (link.state, link.mark, link.latency, link.says) == ("FRESH", Mark.WELL, 0.004, "62 requests sent")
    assert "Sent: get 3, list 9, livez 41, watch 9" in link.retry
    assert row(state, "Pods").says == "12 objects"
    assert row(state, "journal").says == "14 entries"
    assert row(state, "runner").says == "waits (process 4711)"
    assert row(state, "lease").says == "alice@bastion-2, run 41, epoch 7"
    assert (row(state, "way back").age, row(state, "way back").says) == (3.0, "to blue v1.4.2")


def test_a_failing_check_names_itself_and_the_slot_without_pods_is_not_asked() -> None:
    green = row(known(scenes.deploying()), "health, green")
    assert (green.mark, green.says, green.error) == (Mark.BROKEN, "7 of 8 checks ok", "backend database: 503")
    empty = row(known(scenes.well()), "health, green")
    assert (empty.state, empty.mark, empty.says) == ("none", Mark.OFF, "nothing to ask: no pods")


def test_lost_kinds_are_lost_with_their_age_and_reason() -> None:
    state = known(scenes.api_lost())
    pods = row(state, "Pods")
    assert (pods.state, pods.mark, pods.age, pods.error) == ("LOST", Mark.UNKNOWN, 12.0, "connection refused")
    assert sources_table(state).note == "12 sources not to be trusted now"


def test_an_error_that_is_over_is_still_told_with_its_time() -> None:
    sources = {LINK: Source(confirmed=scenes.NOW, known=True, failure="timeout", failed_at=scenes.ago(60))}
    state = known(replace(scenes.well(), sources=sources))
    link = row(state, "Kubernetes API")
    assert (link.mark, link.error) == (Mark.WELL, "timeout")
    assert "last error at 02:40:00: timeout" in [said.text for said in about_source(link, state)]


@pytest.mark.parametrize(
    ("changes", "name", "state", "text"),
    [
        ({"journal_trouble": "disk full", "journal_head": None}, "journal", "LOST", "cannot be read"),
        ({"runner": "has ended (process 4711)", "runner_trouble": "it ended"}, "runner", "LOST", "has ended (process 4711)"),
        ({"runner": "none: this console is read-only"}, "runner", "none", "none: this console is read-only"),
        ({"lease": None}, "lease", "none", "nobody ever drove here"),
        ({"lease": LeaseSeen("", "", 7)}, "lease", "free", "nobody drives (epoch 7)"),
        ({"lease": LeaseSeen(trouble="forbidden")}, "lease", "UNKNOWN", "who drives is not known"),
    ],
)
def test_what_is_not_watched_has_its_own_words(changes: dict[str, object], name: str, state: str, text: str) -> None:
    found = row(replace(known(scenes.well()), connections=scenes.connections(**changes)), name)
    assert (found.state, found.says) == (state, text)


def test_before_anything_is_known_nothing_looks_well() -> None:
    (only,) = source_rows(known(None))
    assert (only.state, only.mark) == ("UNKNOWN", Mark.UNKNOWN)
    state = replace(known(scenes.well()), connections=None)
    assert row(state, "journal, runner, lease").mark is Mark.UNKNOWN


def test_a_blocked_way_back_is_no_source_to_trust() -> None:
    made = Readiness(scenes.NOW, "blue", "v1.4.2", blocked=("you may not patch services here",))
    found = row(known(scenes.switched(), readiness=made), "way back")
    assert (found.state, found.mark, found.error) == ("blocked", Mark.BROKEN, "you may not patch services here")


def test_prometheus_tells_its_address_and_how_many_figures_it_gave() -> None:
    gone = {**scenes.FRESH, METRICS: Freshness("LOST", scenes.ago(70), "HTTP 503")}
    found = row(known(replace(scenes.well(), freshness=gone)), "Prometheus")
    assert (found.state, found.age, found.error, found.place) == ("LOST", 70.0, "HTTP 503", "https://prometheus.example")
    assert found.says == "6 of 8 figures"
