"""Following a kind through everything a server, a proxy or a cable can do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from console.cluster.client import KubeClient
from console.cluster.stream_health import Pauses
from console.cluster.watch import follow
from console.domain.world import Deleted, Kind, Listed, Lost, Upserted
from tests.cluster.support import PODS, Thing, client_of, decode, listing, status, thing
from tests.scripted import Reply, Request, forever, scripted, until

Event = Listed[Thing] | Upserted[Thing] | Deleted | Lost
Step = Callable[[Reply], Awaitable[None]]
QUICK = 0.3
"""Seconds after which these tests are told that the link is lost."""


class Script:
    """Answers lists and watches in the given order; past its end lists repeat the last answer and watches say nothing."""

    def __init__(self, *, lists: list[object], watches: list[Step]) -> None:
        self.lists, self.watches = lists, watches
        self.listed: list[dict[str, str]] = []
        self.watched: list[dict[str, str]] = []

    async def __call__(self, request: Request, reply: Reply) -> None:
        if request.query.get("watch"):
            number = len(self.watched)
            self.watched.append(request.query)
            await (self.watches[number] if number < len(self.watches) else quiet)(reply)
        else:
            number = min(len(self.listed), len(self.lists) - 1)
            self.listed.append(request.query)
            said = self.lists[number]
            await (said(reply) if callable(said) else reply.json(200, said))


async def quiet(reply: Reply) -> None:
    await reply.begin()
    await forever()


def says(*events: dict[str, object], then: Step | None = None) -> Step:
    """A stream with these events; then it stays open, or does what `then` does."""

    async def step(reply: Reply) -> None:
        await reply.begin()
        for event in events:
            await reply.line(event)
        await (then(reply) if then else forever())

    return step


async def ends(reply: Reply) -> None:
    await reply.end()


async def breaks(reply: Reply) -> None:
    reply.reset()


def added(name: str, version: int, **fields: object) -> dict[str, object]:
    return {"type": "ADDED", "object": thing(name, version, **fields)}


def bookmark(version: int) -> dict[str, object]:
    return {"type": "BOOKMARK", "object": {"kind": "Pod", "metadata": {"resourceVersion": str(version)}}}


@contextlib.asynccontextmanager
async def following(
    script: Script, *, silence: float = 30.0, lost_after: float = 30.0
) -> AsyncIterator[tuple[AsyncIterator[Event], KubeClient]]:
    async with scripted(script) as server, client_of(server.url) as client:
        events = follow(
            client, PODS, decode=decode, silence=silence, lost_after=lost_after, pauses=Pauses(longest=0.05, spread=lambda: 0.0), page=2
        )
        async with contextlib.aclosing(events):
            yield events, client


async def take(events: AsyncIterator[Event], count: int) -> list[Event]:
    return [await asyncio.wait_for(anext(events), 10) for _ in range(count)]


async def first_list(events: AsyncIterator[Event]) -> list[Event]:
    """The first list alone: on a busy machine it may come so late that a loss was told before."""
    found = await take(events, 1)
    while isinstance(found[-1], Lost):
        found = await take(events, 1)
    return found


def told(events: list[Event]) -> list[str]:
    """Events as short words."""
    words = []
    for event in events:
        match event:
            case Listed(objects=objects):
                words.append(f"listed {' '.join(each.name for each in objects)}".strip())
            case Upserted(object=found):
                words.append(f"upserted {found.name}")
            case Deleted(name=name):
                words.append(f"deleted {name}")
            case Lost():
                words.append("lost")
    return words


async def test_pages_are_read_to_the_end_before_anything_is_told() -> None:
    script = Script(
        lists=[listing(thing("a"), thing("b"), version=7, more="p2"), listing(thing("c"), version=7)],
        watches=[says(added("d", 8), {"type": "DELETED", "object": thing("a", 9)})],
    )
    async with following(script) as (events, _):
        assert told(await take(events, 3)) == ["listed a b c", "upserted d", "deleted a"]
    assert [query.get("continue") for query in script.listed] == [None, "p2"]
    assert [query["limit"] for query in script.listed] == ["2", "2"]
    assert script.watched[0]["resourceVersion"] == "7"
    assert script.watched[0]["allowWatchBookmarks"] == "1" or script.watched[0]["allowWatchBookmarks"] == "true"


async def test_events_carry_kind_and_the_servers_time() -> None:
    script = Script(lists=[listing(thing("a"))], watches=[says(added("b", 2))])
    async with following(script) as (events, client):
        listed, upserted = await take(events, 2)
    assert isinstance(listed, Listed)
    assert isinstance(upserted, Upserted)
    kind: Kind = "Pod"
    assert (listed.kind, upserted.kind) == (kind, kind)
    assert listed.at is not None
    assert abs((client.server_now() - listed.at).total_seconds()) < 5


async def test_a_page_token_that_expires_starts_the_list_again_in_one_piece() -> None:
    async def expired(reply: Reply) -> None:
        await reply.json(410, status(410, "Expired"))

    script = Script(lists=[listing(thing("old"), more="p2"), expired, listing(thing("a"), thing("b"), thing("c"))], watches=[])
    async with following(script) as (events, _):
        assert told(await take(events, 1)) == ["listed a b c"]
    assert "limit" not in script.listed[2]


async def test_a_stream_that_ends_goes_on_from_its_last_version() -> None:
    script = Script(lists=[listing(thing("a"), version=5)], watches=[says(added("b", 6), bookmark(40), then=ends), says(added("c", 41))])
    async with following(script) as (events, _):
        assert told(await take(events, 3)) == ["listed a", "upserted b", "upserted c"]
    assert [query["resourceVersion"] for query in script.watched] == ["5", "40"]
    assert len(script.listed) == 1


@pytest.mark.parametrize("where", ["in the stream", "as the answer"])
async def test_a_version_that_is_too_old_lists_again_and_tells_what_is_gone(where: str) -> None:
    async def refused(reply: Reply) -> None:
        await reply.json(410, status(410, "Expired", "too old resource version"))

    gone = says({"type": "ERROR", "object": status(410, "Expired")}) if where == "in the stream" else refused
    script = Script(lists=[listing(thing("a"), thing("b"), version=1), listing(thing("b"), version=90)], watches=[gone])
    async with following(script) as (events, _):
        assert told(await take(events, 3)) == ["listed a b", "deleted a", "listed b"]
        await until(lambda: len(script.watched) == 2)
    assert script.watched[1]["resourceVersion"] == "90"


async def test_another_error_in_the_stream_lists_again() -> None:
    fault = says({"type": "ERROR", "object": status(500, "InternalError", "etcd is gone")})
    script = Script(lists=[listing(thing("a")), listing(thing("a"), thing("b"))], watches=[fault])
    async with following(script) as (events, _):
        assert told(await take(events, 2)) == ["listed a", "listed a b"]


async def test_a_server_that_closes_at_once_is_not_stormed() -> None:
    script = Script(lists=[listing(thing("a"))], watches=[says(then=ends)] * 1000)
    async with scripted(script) as server, client_of(server.url) as client:
        events = follow(client, PODS, decode=decode, pauses=Pauses(spread=lambda: 0.0))
        async with contextlib.aclosing(events):
            assert told(await take(events, 1)) == ["listed a"]
            await until(lambda: len(script.watched) >= 2)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(anext(events), 1.0)
    assert len(script.watched) <= 6


async def test_a_broken_connection_goes_on_from_the_last_version() -> None:
    script = Script(lists=[listing(thing("a"), version=5)], watches=[says(added("b", 6), then=breaks), says(added("c", 7))])
    async with following(script) as (events, _):
        assert told(await take(events, 3)) == ["listed a", "upserted b", "upserted c"]
    assert [query["resourceVersion"] for query in script.watched] == ["5", "6"]


async def test_a_line_that_is_cut_off_is_no_event() -> None:
    async def cut(reply: Reply) -> None:
        await reply.begin()
        await reply.line(added("b", 6))
        await reply.chunk(b'{"type":"ADDED","object":{"metadata":{"name":"ha')
        await reply.end()

    script = Script(lists=[listing(thing("a"), version=5)], watches=[cut, says(added("half", 7))])
    async with following(script) as (events, _):
        assert told(await take(events, 3)) == ["listed a", "upserted b", "upserted half"]
    assert script.watched[1]["resourceVersion"] == "6"


@pytest.mark.parametrize("page", ["as a fault", "as a stream"])
async def test_a_proxys_page_is_never_taken_for_events(page: str) -> None:
    async def html(reply: Reply) -> None:
        body = b"<html>\n<title>502 Bad Gateway</title>\n</html>\n"
        if page == "as a fault":
            await reply.whole(502, body, content_type="text/html")
        else:
            await reply.begin(content_type="text/html")
            await reply.chunk(body)
            await reply.end()

    script = Script(lists=[listing(thing("a"))], watches=[html] * 10)
    async with following(script, lost_after=QUICK) as (events, _):
        assert told(await first_list(events)) == ["listed a"]
        (lost,) = await take(events, 1)
    assert isinstance(lost, Lost)
    assert ("502 Bad Gateway" if page == "as a fault" else "is no event") in lost.reason


async def test_silence_counts_as_a_dead_stream() -> None:
    script = Script(lists=[listing(thing("a"), version=5)], watches=[quiet, says(added("b", 6))])
    async with following(script, silence=1.0) as (events, _):
        assert told(await take(events, 2)) == ["listed a", "upserted b"]
    assert len(script.watched) >= 2


async def test_bookmarks_keep_a_quiet_stream_alive() -> None:
    async def bookmarks(reply: Reply) -> None:
        await reply.begin()
        for version in range(6, 16):
            await reply.line(bookmark(version))
            await asyncio.sleep(0.25)
        await reply.line(added("b", 16))
        await forever()

    script = Script(lists=[listing(thing("a"), version=5)], watches=[bookmarks])
    async with following(script, silence=2.0) as (events, _):
        assert told(await take(events, 2)) == ["listed a", "upserted b"]
    assert len(script.watched) == 1


@pytest.mark.parametrize("how", ["refuses", "hangs on the list", "hangs on the watch", "breaks"])
async def test_a_lasting_outage_is_told_once_and_ended_by_a_list(how: str) -> None:
    healed = asyncio.Event()
    good = Script(lists=[listing(thing("a"), version=5), listing(thing("b"), version=9)], watches=[])

    async def answer(request: Request, reply: Reply) -> None:
        if healed.is_set() or (len(server.requests) == 1 and how != "hangs on the list"):
            await good(request, reply)
        elif how.startswith("hangs"):
            await asyncio.wait({asyncio.create_task(healed.wait())})
            reply.close()
        elif how == "refuses":
            await reply.json(503, status(503, "ServiceUnavailable", "etcd has no leader"))
        else:
            reply.reset()

    async with scripted(answer) as server, client_of(server.url) as client:
        events = follow(client, PODS, decode=decode, lost_after=QUICK, pauses=Pauses(longest=0.05))
        async with contextlib.aclosing(events):
            if how != "hangs on the list":
                assert told(await first_list(events)) == ["listed a"]
            assert told(await take(events, 1)) == ["lost"]
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(pending := asyncio.ensure_future(anext(events))), 2 * QUICK)
            healed.set()
            rest = [await asyncio.wait_for(pending, 10)]
            while not isinstance(rest[-1], Listed):
                rest += await take(events, 1)
    assert told(rest) in (["deleted a", "listed b"], ["listed a"], ["listed b"])


async def test_a_short_interruption_is_not_told() -> None:
    script = Script(lists=[listing(thing("a"), version=5)], watches=[says(then=breaks), says(then=breaks), says(added("b", 6))])
    async with following(script, lost_after=2.0) as (events, _):
        assert told(await take(events, 2)) == ["listed a", "upserted b"]


async def forbidden(reply: Reply) -> None:
    await reply.json(403, status(403, "Forbidden", 'pods is forbidden: User "bob" cannot list resource "pods"'))


async def test_a_refusal_is_told_at_once_and_once_and_asked_again_less_and_less() -> None:
    script = Script(lists=[forbidden], watches=[])
    async with following(script) as (events, client):
        (lost,) = await take(events, 1)
        assert isinstance(lost, Lost)
        assert lost.forbidden
        assert "bob" in lost.reason
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(events), 1.0)
        assert client.counts["list"] <= 5


async def test_a_refusal_of_a_server_that_starts_does_not_hide_what_was_known() -> None:
    script = Script(
        lists=[listing(thing("a"), version=1), forbidden, forbidden, listing(thing("a"), version=9)],
        watches=[says({"type": "ERROR", "object": status(410, "Expired")})],
    )
    async with following(script) as (events, _):
        seen = await take(events, 3)
    assert told(seen) == ["listed a", "lost", "listed a"]
    assert isinstance(seen[1], Lost)
    assert not seen[1].forbidden


async def test_an_object_that_cannot_be_read_is_named_and_the_others_go_on() -> None:
    script = Script(
        lists=[listing(thing("a"), thing("odd", size="big")), listing(thing("a"), thing("odd", size=3), thing("b"), thing("worse"))],
        watches=[says(added("b", 2), added("worse", 3, size=[]), added("worse", 4), added("odd", 5, size=3))],
    )
    async with following(script) as (events, _):
        seen = await take(events, 7)
    assert told(seen) == ["listed a", "lost", "upserted b", "lost", "upserted worse", "upserted odd", "listed a odd b worse"]
    first = seen[1]
    assert isinstance(first, Lost)
    assert "cannot read Pod odd: Expected `int`, got `str`" in first.reason


async def test_after_the_last_unreadable_object_is_well_again_a_list_ends_the_trouble() -> None:
    script = Script(lists=[listing(thing("odd", size="big")), listing(thing("odd", size=3))], watches=[says(added("odd", 5, size=3))])
    async with following(script) as (events, _):
        assert told(await take(events, 4)) == ["listed", "lost", "upserted odd", "listed odd"]


async def test_cancelling_ends_the_stream_at_the_server() -> None:
    gone = asyncio.Event()

    async def watched(reply: Reply) -> None:
        try:
            await reply.begin()
            while True:
                await reply.line(bookmark(1))
                await asyncio.sleep(0.02)
        except ConnectionError:
            gone.set()
            raise

    script = Script(lists=[listing(thing("a"))], watches=[watched])
    async with following(script) as (events, _):
        await take(events, 1)
        reader = asyncio.ensure_future(anext(events))
        await until(lambda: bool(script.watched))
        reader.cancel()
        await asyncio.wait({reader})
        await asyncio.wait_for(gone.wait(), 5)
