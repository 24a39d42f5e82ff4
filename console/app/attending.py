"""Follows what screens want beside the state, logs and charts, for as long as one of them wants it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from console.app.desk import Desk
from console.app.link import Change, Job
from console.domain.charts import ChartRequest
from console.domain.logs import LogRequest
from console.domain.views.state import ConsoleState


@dataclass(frozen=True)
class Kind:
    """One kind of want: how the desk serves it, and where what it gives goes in the state."""

    name: str
    source: Callable[[Desk, Any], AsyncIterator[Any]]
    put: Callable[[ConsoleState, Any], ConsoleState]


KINDS: dict[type, Kind] = {
    ChartRequest: Kind("charts", lambda desk, request: desk.charts(request), lambda state, page: replace(state, charts=page)),
    LogRequest: Kind("logs", lambda desk, request: desk.logs(request), lambda state, page: replace(state, logs=page)),
}


class Host(Protocol):
    """What the core lends."""

    @property
    def desk(self) -> Desk | None: ...
    def work(self, name: str, job: Job) -> None: ...
    def end_work(self, name: str) -> None: ...
    def bring(self, change: Change, wanted: type) -> None: ...


Follow = Callable[[str, Callable[[], AsyncIterator[Any]], Callable[[Any], None]], Any]


class Attending:
    """One want of each kind at a time: that of the screen on top."""

    def __init__(self, host: Host, follow: Follow) -> None:
        self._host = host
        self._follow = follow
        self._served: dict[type, object] = {}

    def attend(self, wants: Iterable[object]) -> None:
        """These are the wants now, the one that counts last; what is not wanted any more ends."""
        desk = self._host.desk
        if desk is None:
            return
        newest = {type(want): want for want in wants}
        for kind, how in KINDS.items():
            want = newest.get(kind)
            if want == self._served.get(kind):
                continue
            self._host.end_work(how.name)
            if want is None:
                del self._served[kind]
                self._host.bring(partial(_put, how, None), kind)
            else:
                self._served[kind] = want
                self._host.work(how.name, partial(self._serve, desk, how, want))

    async def _serve(self, desk: Desk, how: Kind, want: object) -> None:
        def take(value: object) -> None:
            if self._served.get(type(want)) == want:
                self._host.bring(partial(_put, how, value), type(want))

        await self._follow(how.name, lambda: how.source(desk, want), take)


def _put(how: Kind, value: object, state: ConsoleState) -> ConsoleState:
    return how.put(state, value)
