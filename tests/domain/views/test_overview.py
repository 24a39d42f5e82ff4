"""The Overview's sentences, scene by scene."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC

import pytest

from console.domain.environment import Environment
from console.domain.freshness import Freshness
from console.domain.ids import ReleaseName
from console.domain.release import SlotRecord
from console.domain.snapshot import LIVE, METRICS, Snapshot
from console.domain.views.feed import feed_view
from console.domain.views.figures import FigureRow
from console.domain.views.header import header_view
from console.domain.views.marks import Mark
from console.domain.views.overview import OverviewView, overview_view
from console.domain.views.readiness import Estimate, Readiness
from console.domain.views.state import ConsoleState, with_runs, with_snapshot
from console.domain.world import FieldManager, World
from tests.screens import scenes
from tests.screens.scenes import BACKEND, BLUE, FRONTEND, GREEN, Slot


def known(seen: Snapshot | None, *logs: scenes.Log, environment: Environment | None = None) -> ConsoleState:
    state = ConsoleState(now=scenes.NOW, zone=UTC, connecting="prod", environment=environment or scenes.environment(), connected=True)
    state = with_runs(state, tuple(log.record for log in logs))
    return with_snapshot(state, seen, scenes.NOW) if seen else state


def view(seen: Snapshot | None, *logs: scenes.Log) -> OverviewView:
    return overview_view(known(seen, *logs))


def without_service() -> Snapshot:
    seen = scenes.well()
    assert seen.world is not None
    services = {k: v for k, v in seen.world.services.items() if k != "traider-frontend"}
    return replace(seen, world=replace(seen.world, services=services))


def without_key() -> Snapshot:
    seen = scenes.well()
    assert seen.world is not None
    bare = replace(seen.world.services["traider-backend"], selector={"app": "traider-backend"})
    return replace(seen, world=replace(seen.world, services={**seen.world.services, "traider-backend": bare}))


def half_up() -> Snapshot:
    one_down = Slot("v1.4.2", ready={BACKEND: 2, FRONTEND: 3}, stable=True)
    return scenes.snapshot(scenes.world({BLUE: one_down, GREEN: None}), metrics={BLUE: scenes.busy()})


def down() -> Snapshot:
    return scenes.snapshot(scenes.world({BLUE: Slot("v1.4.2", ready={BACKEND: 0, FRONTEND: 3}), GREEN: None}))


def slow() -> Snapshot:
    return replace(scenes.well(), metrics={BLUE: scenes.busy(p95=1.2)})


def refusing() -> Snapshot:
    return replace(scenes.well(), probes={**scenes.well().probes, LIVE: scenes.probes_failing()})


@pytest.mark.parametrize(
    ("scene", "mark", "text"),
    [
        (scenes.well, Mark.WELL, "blue v1.4.2, well"),
        (scenes.switched, Mark.WELL, "green v1.5.0, well"),
        (half_up, Mark.PARTLY, "blue v1.4.2, partly: backend has 2 of 3 pods available"),
        (down, Mark.BROKEN, "blue v1.4.2, broken: backend has 0 of 3 pods available"),
        (slow, Mark.PARTLY, "blue v1.4.2, partly: p95 over the limit"),
        (refusing, Mark.PARTLY, "blue v1.4.2, partly: backend database 503"),
        (scenes.split, Mark.BROKEN, "split over blue and green"),
        (scenes.api_lost, Mark.UNKNOWN, "LOST 12s, before that: blue v1.4.2, well"),
        (without_service, Mark.UNKNOWN, "the Service of frontend does not exist"),
        (without_key, Mark.UNKNOWN, "Service traider-backend has no key 'version' in its selector: somebody removed it"),
        (lambda: scenes.snapshot(World("traider-prod", scenes.NOW)), Mark.OFF, "nothing is deployed yet"),
        (lambda: scenes.snapshot(None), Mark.UNKNOWN, "unknown: Services and Deployments were not read yet"),
    ],
)
def test_how_users_are_served(scene: Callable[[], Snapshot], mark: Mark, text: str) -> None:
    users = view(scene()).users
    assert (users.mark, users.text.split(": CrashLoop")[0]) == (mark, text)


@pytest.mark.parametrize(
    ("log", "mark", "text"),
    [
        (scenes.waiting_for_pods, Mark.RUNNING, "v1.5.0 waits: backend CrashLoopBackOff"),
        (scenes.at_the_gate, Mark.WAITING, "v1.5.0 asks: Switch live traffic to green?"),
        (lambda: scenes.finished(at=scenes.ago(3600)), Mark.DONE, "v1.4.2 done 01:41"),
        (lambda: scenes.finished(at=scenes.ago(3600), outcome="failed"), Mark.BROKEN, "v1.4.2 failed, live traffic unchanged 01:41"),
    ],
)
def test_the_deployment_is_another_verdict_than_the_users(log: Callable[[], scenes.Log], mark: Mark, text: str) -> None:
    seen = view(scenes.deploying(), log())
    assert (seen.deploy.mark, seen.deploy.text) == (mark, text)
    assert seen.users.text == "blue v1.4.2, well"


def test_a_deployment_that_was_rolled_back_is_not_called_done() -> None:
    back = scenes.opened(at=scenes.ago(600), run=42)
    back.entries[0] = replace(back.entries[0], body={**back.entries[0].body, "direction": "back"})
    back.add("run.closed", 30, outcome="done", reason="", live="users are on blue")
    deploy = view(scenes.well(), back, scenes.finished(run=41, at=scenes.ago(3600), release="v1.5.0")).deploy
    assert (deploy.mark, deploy.text) == (Mark.BROKEN, "v1.5.0 was rolled back 02:31 (run 42)")


def unproven() -> Snapshot:
    """The first release ever is served from green, and blue holds one that never passed."""
    return scenes.snapshot(scenes.world({BLUE: Slot("v0.9"), GREEN: Slot("v1.0")}, selects=GREEN))


@pytest.mark.parametrize(
    ("scene", "mark", "text"),
    [
        (scenes.switched, Mark.DONE, "ready: to blue v1.4.2 in about 1s, warm until 09:30"),
        (scenes.well, Mark.OFF, "not needed: users are on blue v1.4.2, which is stable. If it must be: to green v1.4.1 in about 40s"),
        (scenes.split, Mark.DONE, "ready: to blue v1.4.2 in about 1s"),
        (unproven, Mark.BROKEN, "none: v0.9 never passed verification in blue (may be overridden: unproven)"),
        (lambda: scenes.snapshot(World("n", scenes.NOW)), Mark.OFF, "nothing to go back to: nothing takes traffic"),
        (lambda: scenes.snapshot(None), Mark.UNKNOWN, "unknown: the cluster was not read yet"),
    ],
)
def test_the_way_back_stands_ready_or_says_why_not(scene: Callable[[], Snapshot], mark: Mark, text: str) -> None:
    back = view(scene()).way_back
    assert (back.mark, back.text) == (mark, text)


def test_a_way_back_that_may_be_lost_data_is_not_called_ready_without_saying_so() -> None:
    history = (scenes.deployed(BLUE, 12, "v1.4.2", days=9), SlotRecord(GREEN, 13, ReleaseName("v1.5.0"), scenes.ago(300), "41@a"))
    world = scenes.world(
        {BLUE: Slot("v1.4.2", stable=True), GREEN: Slot("v1.5.0")},
        selects=GREEN,
        history=history,
        releases=(scenes.release("v1.4.2"), scenes.release("v1.5.0", migration="contract")),
    )
    back = view(scenes.snapshot(world)).way_back
    assert back.mark is Mark.BROKEN
    assert "contract migration (8f2c)" in back.text


def test_during_a_deployment_the_way_back_after_the_switch_is_promised() -> None:
    back = view(scenes.deploying(), scenes.waiting_for_pods()).way_back
    assert back.text == "not needed: users are on blue v1.4.2, which is stable. After the switch: to blue in about 1s"


def test_the_run_line_gives_up_the_driver_before_the_step() -> None:
    run = view(scenes.deploying(), scenes.waiting_for_pods()).run
    assert run.text == "deploy v1.5.0 to green (41)  step 4 of 9  wait for the preview pods  38s  driven by alice@bastion-2"
    assert run.shorter[-1] == "(41)  step 4 of 9  wait for the preview pods  38s"


def test_alerts_name_the_cause_once_and_the_lost_source_first() -> None:
    texts = [alert.text for alert in view(scenes.api_lost(), scenes.at_the_gate()).alerts]
    assert texts == [
        "Kubernetes API LOST 12s: connection refused",
        "run 41 waits for a person: Switch live traffic to green?",
        'backend green CrashLoopBackOff: exit 3, "cannot reach database", 4 restarts',
    ]


def test_others_who_write_selectors_are_named_and_those_who_would_undo_a_switch_are_marked() -> None:
    seen = scenes.well()
    assert seen.world is not None
    holds = frozenset({"spec.selector.version"})
    argo, helm = FieldManager("argocd-controller", "Apply", holds), FieldManager("helm", "Update", holds)
    services = {name: replace(s, meta=replace(s.meta, managers=(argo, helm))) for name, s in seen.world.services.items()}
    alerts = view(replace(seen, world=replace(seen.world, services=services))).alerts
    assert [(a.mark, a.text) for a in alerts] == [
        (Mark.WAITING, "Argo CD (argocd-controller) holds the selector of 2 Services: it would undo a switch by itself"),
        (Mark.TO_COME, "Helm (helm) holds the selector of 2 Services: its next run would undo a switch"),
    ]


def test_no_alerts_is_only_said_of_what_is_known() -> None:
    assert view(scenes.well()).alerts == ()
    assert [a.text for a in view(None).alerts] == ["nothing is known yet"]


def test_a_kind_that_may_not_be_listed_is_named() -> None:
    fresh = {**scenes.FRESH, "Event": scenes.lost(0, "events is forbidden")["Event"]}
    assert [a.text for a in view(replace(scenes.well(), freshness=fresh)).alerts] == ["Event LOST 0s: events is forbidden"]


def test_slots_say_what_is_known_and_question_marks_what_is_not() -> None:
    green = view(scenes.deploying()).slots[1]
    assert [(c.name, c.mark, c.ready, c.restarts, c.cause) for c in green.components] == [
        ("backend", Mark.PARTLY, "2/3 ready", "4 restarts", "CrashLoopBackOff"),
        ("frontend", Mark.WELL, "3/3 ready", "0 restarts", "v1.5.0"),
    ]
    assert (green.probes.cells[0].mark, green.probes.cells[0].text) == (Mark.BROKEN, "503, 4 in a row (12s)")
    lost = view(scenes.api_lost()).slots[0]
    assert {c.mark for c in lost.components} == {Mark.UNKNOWN}
    assert lost.words == ("active", "stable", "LOST 12s")
    assert [c.restarts for c in lost.components] == ["? restarts", "? restarts"]


def test_figures_without_requests_are_no_data_and_never_zero() -> None:
    figures = {row.name: (row.value, row.why) for row in view(scenes.deploying()).slots[1].figures}
    assert figures == {"requests": ("0/s", ""), "errors": ("no data", "no requests"), "p95": ("no data", "no requests")}


def test_after_a_switch_the_new_slot_shows_differences_with_their_sample_size() -> None:
    deltas = {row.name: row.delta for row in view(scenes.switched()).slots[1].figures}
    assert deltas["requests"] == ""
    assert deltas["p95"].endswith(", n=13.9k")
    assert deltas["errors"].startswith("+")
    assert {row.delta for row in view(scenes.switched()).slots[0].figures} == {""}


def test_the_zone_is_said_once_in_the_header() -> None:
    header = header_view(replace(known(scenes.well()), identity="bob", read_only=True))
    assert (header.environment, header.place, header.marks, header.clock) == (
        "PRODUCTION",
        "traider-prod @ prod-eu1",
        ("READ-ONLY",),
        "02:41 UTC",
    )


def test_the_feed_is_newest_first_of_events_and_runs() -> None:
    log = scenes.waiting_for_pods()
    state = replace(known(scenes.deploying(), log), entries={log.record.id: tuple(log.entries)})
    rows = [(row.time, row.subject) for row in feed_view(state).rows]
    assert rows[:3] == [
        ("02:40:57", "pod traider-backend-green-7d9f-x2"),
        ("02:40:51", "run 41"),
        ("02:40:40", "pod traider-backend-green-7d9f-x1"),
    ]
    assert rows == sorted(rows, reverse=True, key=lambda row: row[0])


def test_a_rolling_environment_shows_old_and_new_replica_sets() -> None:
    components = tuple(replace(c, deployments={BLUE: f"traider-{c.name}-blue"}) for c in scenes.environment().components)
    rolling = scenes.environment(strategy="rolling", slots=(BLUE,), components=components)
    world = scenes.world({BLUE: Slot("v1.5.0", ready={BACKEND: 1, FRONTEND: 3})})
    old = replace(
        world.replica_sets["traider-backend-blue-7d9f"],
        revision=1,
        desired=2,
        replicas=2,
        ready=2,
        images={"backend": "traider-backend:v1.4.2"},
    )
    old = replace(old, meta=replace(old.meta, name="traider-backend-blue-5c4b"))
    world = replace(world, replica_sets={**world.replica_sets, old.name: old})
    backend = overview_view(known(scenes.snapshot(world), environment=rolling)).slots[0].components[0]
    assert backend.generations == ("new  revision 2  v1.5.0  1/3 ready", "old  revision 1  v1.4.2  2/2 ready")


def ready(**changes: object) -> Readiness:
    return replace(Readiness(scenes.ago(3), "blue", "v1.4.2", warm=Estimate(0.8, 3, "ways back")), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("made", "mark", "text"),
    [
        (ready(), Mark.DONE, "ready: to blue v1.4.2 in about 1s, warm until 09:30"),
        (ready(warm=Estimate(4.2, 3, "ways back")), Mark.DONE, "ready: to blue v1.4.2 in about 4s, warm until 09:30"),
        (ready(warm=None), Mark.DONE, "ready: to blue v1.4.2 in about 1s (assumed), warm until 09:30"),
        (ready(blocked=("you may not patch services here",)), Mark.BROKEN, "blocked: to blue v1.4.2, but you may not patch services here"),
        (ready(problem="timed out"), Mark.PARTLY, "ready: to blue v1.4.2 in about 1s, but its plan cannot be made: timed out"),
        (ready(checked_at=scenes.ago(90)), Mark.PARTLY, "ready: to blue v1.4.2 in about 1s, checked 1m30s ago, warm until 09:30"),
        (ready(slot="green", blocked=("of another target",)), Mark.DONE, "ready: to blue v1.4.2 in about 1s, warm until 09:30"),
    ],
)
def test_the_way_back_is_as_ready_as_its_plan(made: Readiness, mark: Mark, text: str) -> None:
    back = overview_view(replace(known(scenes.switched()), readiness=made)).way_back
    assert (back.mark, back.text) == (mark, text)


def test_a_lost_cluster_makes_even_a_checked_way_back_unknown() -> None:
    lost = replace(scenes.switched(), freshness=scenes.lost(12, "connection refused"))
    back = overview_view(replace(known(lost), readiness=ready())).way_back
    assert (back.mark, back.text) == (Mark.UNKNOWN, "LOST 12s, before that: ready: to blue v1.4.2 in about 1s, warm until 09:30")


def test_runs_that_are_not_followed_any_more_are_not_told_as_if_they_were() -> None:
    state = replace(known(scenes.deploying(), scenes.waiting_for_pods()), trouble={"runs": "runs: database is locked; trying again in 4 s"})
    line = overview_view(state).run
    assert line.mark is Mark.UNKNOWN
    assert line.text.startswith("LOST, before that: deploy v1.5.0 to green (41)  step 4 of 9")
    assert feed_view(state).age == "runs LOST"


def test_the_feed_says_when_events_are_not_seen_any_more() -> None:
    assert feed_view(known(scenes.api_lost())).age == "events LOST 12s"
    assert feed_view(known(scenes.well())).age == ""


def figure(seen: Snapshot, slot: int, name: str) -> FigureRow:
    return next(row for row in view(seen).slots[slot].figures if row.name == name)


def test_the_new_slot_is_compared_with_what_the_old_one_did_before_the_switch() -> None:
    """After it the old slot serves a few last connections, slowly: they are no measure."""
    seen = scenes.switched()
    served = seen.metrics[BLUE]
    points = served.recent["p95"]
    late = tuple(replace(p, value=9.0) if p.at > scenes.ago(40) else p for p in points)
    decayed = replace(seen, metrics={**seen.metrics, BLUE: replace(served, recent={**served.recent, "p95": late})})
    before = next(p.value for p in reversed(points) if p.at <= scenes.ago(40))
    assert before is not None
    assert figure(decayed, 1, "p95").delta == f"+{(0.201 - before) * 1000:.0f} ms, n=13.9k"
    assert figure(decayed, 0, "p95").delta == ""


def test_without_a_figure_from_before_the_switch_nothing_is_compared() -> None:
    seen = scenes.switched()
    served = seen.metrics[BLUE]
    fresh = tuple(p for p in served.recent["p95"] if p.at > scenes.ago(40))
    assert figure(replace(seen, metrics={**seen.metrics, BLUE: replace(served, recent={"p95": fresh})}), 1, "p95").delta == ""


def test_figures_of_a_prometheus_that_is_lost_carry_their_age() -> None:
    gone = {**scenes.FRESH, METRICS: Freshness("LOST", scenes.ago(70), "HTTP 503")}
    assert figure(replace(scenes.well(), freshness=gone), 0, "p95").age == "LOST 1m10s"
    assert figure(scenes.well(), 0, "p95").age == ""
