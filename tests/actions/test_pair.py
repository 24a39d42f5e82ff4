"""The pair of patches of a switch, with faults in every place: finished, put back, or said to be split."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from actions.pair import FORWARD_TRIES, Move, Pair
from actions.shared import uninterrupted
from console.domain.change import Write
from console.domain.errors import BluegreenError, NeedsOperator, PortError, Refused
from console.domain.facts import EPOCH, PREVIOUS_SLOT, Stamp
from console.domain.ids import ComponentName, Epoch, SlotName
from console.engine.failures import Failure, failure_of
from tests.actions.fake import FakeCluster, Fault, Guard, NeverArrived, note, ports_of, select
from tests.actions.worlds import environment_of, world_of
from tests.support.faults import fault

CASE = {"slots": {"blue": {"release": "v1"}, "green": {"release": "v2"}}, "services": {"all": {"slot": "blue", "notes": {"epoch": "3"}}}}
BLUE, GREEN = SlotName("blue"), SlotName("green")


def a_cluster() -> FakeCluster:
    return FakeCluster(world_of(CASE, environment_of(CASE)))


def a_pair(cluster: FakeCluster, folder: Path, *, guard: Guard | None = None, epoch: int = 4) -> Pair:
    stamp = Stamp("7@u", Epoch(epoch), "alice")
    notes = {**stamp.annotations(), PREVIOUS_SLOT: "blue"}
    moves = [Move(ComponentName(c), f"traider-{c}", BLUE, GREEN, notes) for c in ("backend", "frontend")]
    return Pair(ports_of(cluster, folder, guard=guard), stamp, "version", moves)


def where(cluster: FakeCluster) -> dict[str, str]:
    return {name.removeprefix("traider-"): s.selector["version"] for name, s in cluster.world.services.items()}


def failing(component: str, error: Exception, *, times: int = 1) -> Fault:
    """The next `times` writes to a component's Service fail."""
    left = [times]

    def fault(write: Write) -> Exception | None:
        if write.name != f"traider-{component}" or not left[0]:
            return None
        left[0] -= 1
        return error

    return fault


def lost(sent: str = "maybe") -> PortError:
    return PortError("no answer in time", reason="Timeout", sent="maybe" if sent == "maybe" else "no")


FORBIDDEN = PortError("services is forbidden", status=403, reason="Forbidden")


async def test_both_are_patched_in_order_and_carry_who_did_it(tmp_path: Path) -> None:
    cluster, guard = a_cluster(), Guard()
    written, split = await a_pair(cluster, tmp_path, guard=guard).run()
    assert where(cluster) == {"backend": "green", "frontend": "green"}
    assert [w.name for w in written] == ["traider-backend", "traider-frontend"]
    assert guard.calls == 1
    assert split.answered <= split.whole
    assert cluster.world.services["traider-frontend"].meta.annotations[EPOCH] == "4"


async def test_nothing_is_written_when_another_holder_drives(tmp_path: Path) -> None:
    cluster = a_cluster()
    with pytest.raises(Refused):
        await a_pair(cluster, tmp_path, guard=Guard(refuse=Refused("bob drives"))).run()
    assert cluster.log == []


async def test_a_service_moved_since_the_plan_is_a_conflict_before_any_write(tmp_path: Path) -> None:
    cluster = a_cluster()
    select(cluster, "traider-frontend", "green")
    with pytest.raises(PortError, match="frontend is on green, not on blue") as raised:
        await a_pair(cluster, tmp_path).run()
    assert raised.value.status == 409
    assert cluster.log == []


async def test_a_newer_epoch_on_a_service_refuses_the_switch(tmp_path: Path) -> None:
    cluster = a_cluster()
    note(cluster, "traider-backend", epoch="9")
    with pytest.raises(Refused, match="epoch 9"):
        await a_pair(cluster, tmp_path).run()
    assert where(cluster) == {"backend": "blue", "frontend": "blue"}


async def test_an_annotation_written_in_between_only_costs_another_try(tmp_path: Path) -> None:
    cluster = a_cluster()
    cluster.before_write.append(_once("traider-frontend", lambda: note(cluster, "traider-frontend", owner="somebody")))
    await a_pair(cluster, tmp_path).run()
    assert where(cluster) == {"backend": "green", "frontend": "green"}


async def test_a_lost_answer_of_a_patch_that_happened_is_recognised_by_our_stamp(tmp_path: Path) -> None:
    cluster = a_cluster()
    cluster.before_write.append(failing("frontend", lost()))
    await a_pair(cluster, tmp_path).run()
    assert where(cluster) == {"backend": "green", "frontend": "green"}
    assert [w.name for w in cluster.log] == ["traider-backend", "traider-frontend"]


async def test_a_lost_request_is_sent_again(tmp_path: Path) -> None:
    cluster = a_cluster()
    cluster.before_write.append(failing("backend", lost("no"), times=2))
    await a_pair(cluster, tmp_path).run()
    assert where(cluster) == {"backend": "green", "frontend": "green"}


async def test_a_first_patch_that_is_refused_changes_nothing_and_is_told_as_it_is(tmp_path: Path) -> None:
    cluster = a_cluster()
    cluster.before_write.append(failing("backend", FORBIDDEN, times=9))
    with pytest.raises(PortError, match="forbidden"):
        await a_pair(cluster, tmp_path).run()
    assert where(cluster) == {"backend": "blue", "frontend": "blue"}


async def test_a_second_patch_that_is_refused_puts_the_first_back_with_its_notes(tmp_path: Path) -> None:
    cluster = a_cluster()
    cluster.before_write.append(failing("frontend", FORBIDDEN, times=9))
    with pytest.raises(BluegreenError, match=r"frontend could not be switched .*put back: backend → blue"):
        await a_pair(cluster, tmp_path).run()
    assert where(cluster) == {"backend": "blue", "frontend": "blue"}
    notes = cluster.world.services["traider-backend"].meta.annotations
    assert PREVIOUS_SLOT not in notes
    assert notes[EPOCH] == "4"


async def test_a_service_switched_by_hand_in_the_middle_puts_the_first_back(tmp_path: Path) -> None:
    cluster = a_cluster()
    cluster.before_write.append(_once("traider-frontend", lambda: select(cluster, "traider-frontend", "grey")))
    with pytest.raises(BluegreenError, match="frontend is on grey"):
        await a_pair(cluster, tmp_path).run()
    assert where(cluster) == {"backend": "blue", "frontend": "grey"}


async def test_a_lost_second_patch_is_fenced_before_the_first_goes_back(tmp_path: Path) -> None:
    """A patch that is still under way must not land after we gave up: its resourceVersion has to be gone."""
    cluster, late = a_cluster(), list[Write]()
    cluster.before_write.append(_dropped("traider-frontend", late))
    with pytest.raises(BluegreenError, match="put back: backend → blue"):
        await a_pair(cluster, tmp_path).run()
    assert where(cluster) == {"backend": "blue", "frontend": "blue"}
    for write in late:
        with pytest.raises(PortError, match="resourceVersion"):
            await cluster.write(write)


async def test_a_rollback_that_takes_over_in_the_middle_is_left_its_services(tmp_path: Path) -> None:
    cluster = a_cluster()
    cluster.before_write.append(_once("traider-frontend", lambda: note(cluster, "traider-frontend", epoch="5")))
    with pytest.raises(BluegreenError, match=r"epoch 5.*put back: backend → blue"):
        await a_pair(cluster, tmp_path).run()
    assert where(cluster) == {"backend": "blue", "frontend": "blue"}
    assert cluster.world.services["traider-frontend"].meta.annotations[EPOCH] == "5"


@fault(
    "the API server goes away between the two patches of a switch",
    group="the cluster",
    sees="SPLIT above every screen, and the step in progress with the reason",
    does="waits for the server, looks where each Service is, and finishes the switch",
    costs="split traffic for as long as the server is away",
)
async def test_a_server_that_went_away_in_the_middle_leaves_it_in_doubt(tmp_path: Path) -> None:
    cluster = a_cluster()
    cluster.after_write.append(lambda write: setattr(cluster, "unreachable", True))
    with pytest.raises(PortError, match="nobody answers whether backend → green holds") as raised:
        await a_pair(cluster, tmp_path).run()
    assert failure_of(raised.value) is Failure.DOUBT
    assert where(cluster) == {"backend": "green", "frontend": "blue"}


async def test_what_was_put_back_after_a_passing_trouble_may_be_tried_again(tmp_path: Path) -> None:
    cluster = a_cluster()
    cluster.before_write.append(failing("frontend", PortError("try later", status=429), times=FORWARD_TRIES))
    with pytest.raises(PortError, match="put back: backend → blue") as raised:
        await a_pair(cluster, tmp_path).run()
    assert failure_of(raised.value) is Failure.AGAIN


async def test_what_cannot_be_put_back_is_said_to_be_split_with_the_way_out(tmp_path: Path) -> None:
    cluster = a_cluster()

    def forbid(write: Write) -> None:
        cluster.before_write.append(lambda _: FORBIDDEN)

    cluster.after_write.append(forbid)
    with pytest.raises(NeedsOperator, match="SPLIT: backend → green could not be taken back") as raised:
        await a_pair(cluster, tmp_path).run()
    assert "rollback --print" in str(raised.value)
    assert where(cluster) == {"backend": "green", "frontend": "blue"}


async def test_a_cancellation_between_the_patches_waits_for_the_second(tmp_path: Path) -> None:
    cluster = a_cluster()
    running = asyncio.ensure_future(uninterrupted(a_pair(cluster, tmp_path).run()))
    cluster.after_write.append(lambda write: running.cancel())
    with pytest.raises(asyncio.CancelledError):
        await running
    assert where(cluster) == {"backend": "green", "frontend": "green"}


def _once(name: str, deed: object) -> Fault:
    """Somebody else is quicker, one time."""
    assert callable(deed)
    left = [deed]

    def fault(write: Write) -> Exception | None:
        if write.name == name and left:
            left.pop()()
        return None

    return fault


def _dropped(name: str, late: list[Write]) -> Fault:
    """Requests that do not arrive, though the client cannot know; they are kept in `late`."""

    def fault(write: Write) -> Exception | None:
        if write.name == name and len(late) < FORWARD_TRIES:
            late.append(write)
            return NeverArrived("no answer in time", reason="Timeout", sent="maybe")
        return None

    return fault
