"""What is known after each thing that was seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from console.domain.health import ProbeResult
from console.domain.ids import ComponentName, SlotName
from console.domain.series import Reading
from console.domain.snapshot import (
    LINK,
    LIVE,
    METRICS,
    PROBES,
    WATCH,
    LinkSeen,
    MetricsSeen,
    Observation,
    ProbesSeen,
    Seen,
    Snapshot,
    SourceFailed,
    reduce,
)
from console.domain.world import KINDS, Deleted, KubeObject, Listed, Lost, Meta, Pod, Service, Upserted

START = datetime(2036, 3, 1, 2, 0, tzinfo=UTC)
SERVER = datetime(2036, 3, 1, 5, 0, tzinfo=UTC)
"""The API server's clock is three hours ahead of ours."""
BLUE = SlotName("blue")
WELL = LinkSeen(ok=True, latency=0.002)
DOWN = LinkSeen(ok=False, reason="connection refused")


def service(name: str = "web", slot: str = "blue") -> Service:
    return Service(Meta(name), selector={"version": slot})


def listed(*objects: Service, second: float = 0) -> Listed[KubeObject]:
    return Listed("Service", objects, "1", SERVER + timedelta(seconds=second))


def after(*seen: tuple[float, Observation], now: float = 0.0, before: Snapshot | None = None) -> Snapshot:
    """The snapshot after things seen at seconds, judged at `now`."""
    events = [Seen(START + timedelta(seconds=second), what) for second, what in seen]
    return reduce(before or Snapshot(), events, now=START + timedelta(seconds=now), namespace="shop")


def test_before_anything_there_is_no_world_and_nothing_is_known() -> None:
    snapshot = after()
    assert snapshot.world is None
    assert snapshot.of("Service").state == "UNKNOWN"
    assert not snapshot.link.ok
    assert after((0, Lost("Service", "connection refused"))).world is None


def test_the_first_list_makes_a_world_in_which_other_kinds_are_unread() -> None:
    world = after((0, listed(service()))).world
    assert world is not None
    assert (world.namespace, world.at, set(world.services)) == ("shop", SERVER, {"web"})
    assert world.unread == set(KINDS) - {"Service"}


def test_events_change_the_world_in_their_order() -> None:
    first = after((0, listed(service("web"), service("api"))))
    world = after(
        (1, Upserted("Service", service("web", "green"), SERVER + timedelta(seconds=1))),
        (1, Deleted("Service", "api", SERVER + timedelta(seconds=1))),
        (2, Upserted("Service", service("new"), SERVER + timedelta(seconds=2))),
        (2, Deleted("Service", "never-there", SERVER + timedelta(seconds=2))),
        before=first,
    ).world
    assert world is not None
    assert first.world is not None
    assert {name: s.selector["version"] for name, s in world.services.items()} == {"web": "green", "new": "blue"}
    assert world.at == SERVER + timedelta(seconds=2)
    assert set(first.world.services) == {"web", "api"}, "the old snapshot stays as it was"


def test_a_list_replaces_what_was_known() -> None:
    world = after((0, listed(service("old"))), (1, listed(service("new"), second=1))).world
    assert world is not None
    assert set(world.services) == {"new"}


def test_kinds_that_nobody_touched_are_the_same_objects() -> None:
    pods: Listed[KubeObject] = Listed("Pod", tuple(Pod(Meta(f"p{n}")) for n in range(3)), "1", SERVER)
    first = after((0, pods), (0, listed(service())))
    second = after((1, Upserted("Service", service("api"))), (1, Upserted("Service", service("x"))), before=first)
    assert first.world is not None
    assert second.world is not None
    assert second.world.pods is first.world.pods
    assert after((2, WELL), before=second).world is second.world


def test_a_kind_is_as_fresh_as_the_link_and_its_own_watch() -> None:
    fresh = after((0, WELL), (0, listed(service())), now=1)
    assert fresh.of("Service").state == "FRESH"
    assert after(before=fresh, now=4).of("Service").state == "STALE"
    assert after(before=fresh, now=6).of("Service").state == "LOST"
    assert after((2, DOWN), before=fresh, now=2).of("Service").reason == "connection refused"
    own = after((2, Lost("Service", "410 again and again")), (2, WELL), before=fresh, now=2)
    assert (own.of("Service").state, own.of("Service").reason, own.of(LINK).state) == ("LOST", "410 again and again", "FRESH")
    assert own.of("Service").at == START
    assert own.world == fresh.world, "what was known stays"


def test_a_quiet_kind_stays_fresh_while_the_link_is_well() -> None:
    known = after((0, WELL), (0, listed(service())))
    for second in range(2, 600, 2):
        known = after((second, WELL), before=known, now=second)
    assert known.of("Service").state == "FRESH"
    assert known.of("Service").at == START + timedelta(seconds=598)


def test_only_a_list_ends_the_trouble_of_a_kind() -> None:
    lost = after((0, WELL), (0, listed(service())), (1, Lost("Service", "gone")), (1.5, WELL))
    assert after((2, Upserted("Service", service("api"))), (2, WELL), before=lost, now=2).of("Service").state == "LOST"
    assert after((2, listed(service())), (2, WELL), before=lost, now=2).of("Service").state == "FRESH"


def test_a_kind_that_may_not_be_listed_is_unknown_and_unread() -> None:
    known = after((0, WELL), (0, listed(service())), (1, Lost("Service", "bob may not list services", forbidden=True)), now=1)
    assert known.world is not None
    assert known.world.services == {}
    assert "Service" in known.world.unread
    assert (known.of("Service").state, known.of("Service").reason) == ("UNKNOWN", "bob may not list services")
    only = after((0, Lost("Pod", "no", forbidden=True)))
    assert only.world is not None
    assert only.world.unread == set(KINDS)


def test_several_kinds_are_as_fresh_as_the_worst() -> None:
    pods: Listed[KubeObject] = Listed("Pod", (), "1", SERVER)
    known = after((0, WELL), (0, pods), (0, listed()), (0, Lost("Pod", "gone")))
    assert known.of_kinds("Service").state == "FRESH"
    assert known.of_kinds("Service", "Pod").state == "LOST"
    assert known.of_kinds("Service", "Event").state == "UNKNOWN"


def test_lists_before_the_first_sign_of_the_link_count_for_themselves() -> None:
    assert after((0, listed(service())), now=1).of("Service").state == "FRESH"


def probe(ok: bool, second: float) -> ProbesSeen:
    at = START + timedelta(seconds=second)
    return ProbesSeen(LIVE, (ProbeResult("health", ComponentName("web"), ok, "ok" if ok else "status", at=at),))


def test_probes_are_counted_and_go_stale() -> None:
    known = after((0, probe(True, 0)), (5, probe(True, 5)), (10, probe(False, 10)), now=10)
    (tally,) = known.probes[LIVE].values()
    assert (tally.passed, tally.failed) == (0, 1)
    assert [after(before=known, now=10 + wait).of(PROBES).state for wait in (15, 16, 61)] == ["FRESH", "STALE", "LOST"]


def test_metrics_trouble_is_told_and_the_last_figures_stay() -> None:
    figures = MetricsSeen({BLUE: {"requests": Reading(212.0, "ok", at=SERVER)}})
    known = after((0, figures), (2, MetricsSeen(trouble="HTTP 503")), now=2)
    assert (known.of(METRICS).state, known.of(METRICS).reason) == ("LOST", "HTTP 503")
    assert known.metrics[BLUE].readings["requests"].value == 212.0
    assert after((4, MetricsSeen()), before=known, now=4).of(METRICS).state == "FRESH"


@pytest.mark.parametrize("source", [LINK, PROBES, METRICS, "Service"])
def test_a_source_whose_code_failed_is_lost_with_its_reason(source: str) -> None:
    known = after((0, WELL), (0, listed(service())), (0, probe(True, 0)), (0, MetricsSeen()))
    failed = after((1, SourceFailed(source, "KeyError: 'x'")), before=known, now=1)
    assert (failed.of(source).state, failed.of(source).reason) == ("LOST", "KeyError: 'x'")


def test_where_the_watches_ended_no_kind_looks_fresh() -> None:
    pods: Listed[KubeObject] = Listed("Pod", (), "1", SERVER)
    known = after((0, WELL), (0, listed(service())), (0, pods))
    failed = after((1, SourceFailed(WATCH, "it ended")), before=known, now=1)
    assert {kind: failed.of(kind).state for kind in ("Service", "Pod", "Event")} == {"Service": "LOST", "Pod": "LOST", "Event": "UNKNOWN"}
