"""The health checks of one environment, at the live entry point and in each slot (`console.engine.ports.Probes`)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime

from console.domain.environment import Check, Environment
from console.domain.health import ProbeResult
from console.domain.ids import ComponentName, SlotName
from console.domain.world import Pod, World
from console.probes.answer import Failure, Place, Reply, release_of, result_of
from console.probes.http import HttpGet
from console.probes.pods import PodGet, ask, ready_pods

Fetch = Callable[[str], Awaitable[Reply | Failure]]

AT_ONCE = 10
"""Connections that `answered_release` opens side by side."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class ApplicationProbes:
    """Asks all places side by side; a call takes one timeout at most."""

    def __init__(
        self, environment: Environment, *, pod_get: PodGet, http: HttpGet | None = None, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._environment, self._health, self._urls = environment, environment.health, environment.urls
        self._pod_get, self._now = pod_get, now
        self._http = http or HttpGet()
        self._turn: Counter[tuple[SlotName, ComponentName]] = Counter()

    async def live(self, *, fresh: bool = False) -> tuple[ProbeResult, ...]:
        """Every check at the real entry point. `fresh` proves the way anew with a connection per check.

        A component without a URL is not asked and gives no result.
        """
        places = [Place(name, self._urls.live[name]) for name in self._components() if name in self._urls.live]
        return await _together(self._at_url(place, fresh=fresh) for place in places)

    async def slot(self, slot: SlotName, world: World, *, pods: int = 1) -> tuple[ProbeResult, ...]:
        """Every check in a slot: at its URL, else at `pods` of each component's ready pods through the API server, in turn.

        A component without either gives skipped results.
        """
        urls = self._urls.slots.get(slot, {})
        with_url = [self._at_url(Place(name, urls[name])) for name in self._components() if name in urls]
        without = [self._at_pods(slot, name, world, pods) for name in self._components() if name not in urls]
        return await _together([*with_url, *without])

    async def answered_release(self, component: ComponentName, *, count: int) -> Mapping[str, int]:
        """Releases that answered `count` fresh connections through the real entry point, most frequent first.

        Failures count under `error: …`, answers that name no release under the empty text; empty where there is no URL or
        the application does not say its release.
        """
        url = self._urls.live.get(component)
        if url is None or not self._health.release_path:
            return {}
        room = asyncio.Semaphore(AT_ONCE)
        answers = await asyncio.gather(*(self._release(url + self._health.release_path, room) for _ in range(count)))
        return dict(Counter(answers).most_common())

    async def close(self) -> None:
        await self._http.close()

    def _components(self) -> tuple[ComponentName, ...]:
        """Components that answer any check at all."""
        asked = self._health.components or tuple(c.name for c in self._environment.components)
        special = [name for check in self._health.checks for name in check.components]
        return tuple(dict.fromkeys([*asked, *special]))

    def _checks(self, component: ComponentName) -> tuple[Check, ...]:
        """The checks that `component` answers."""
        usual = self._health.components or tuple(c.name for c in self._environment.components)
        return tuple(check for check in self._health.checks if component in (check.components or usual))

    async def _at_url(self, place: Place, *, fresh: bool = False) -> list[ProbeResult]:
        async def fetch(path: str) -> Reply | Failure:
            return await self._http.get(place.url + path, timeout=self._health.timeout, fresh=fresh)

        return await self._asked(place, fetch)

    async def _at_pods(self, slot: SlotName, name: ComponentName, world: World, count: int) -> list[ProbeResult]:
        """The checks at some ready pods, the others at the next call."""
        pods = ready_pods(self._environment.component(name), slot, world)
        if not pods:
            nobody = Failure("skipped", f"no pod of {name} in {slot} is ready")
            place = Place(name, f"pods of {name} in {slot}")
            return [result_of(check, place, nobody, health=self._health, at=self._now()) for check in self._checks(name)]
        first = self._turn[slot, name]
        self._turn[slot, name] += count
        chosen = [pods[(first + n) % len(pods)] for n in range(min(count, len(pods)))]
        rounds = await asyncio.gather(*(self._at_pod(name, pod) for pod in chosen))
        return [result for results in rounds for result in results]

    async def _at_pod(self, name: ComponentName, pod: Pod) -> list[ProbeResult]:
        port = self._health.port or pod.port

        async def fetch(path: str) -> Reply | Failure:
            if not port:
                return Failure("skipped", f"pod {pod.name} declares no port; set health.port")
            return await ask(self._pod_get, pod.name, port, path, timeout=self._health.timeout)

        return await self._asked(Place(name, f"pod {pod.name}:{port}", pod.name), fetch)

    async def _asked(self, place: Place, fetch: Fetch) -> list[ProbeResult]:
        """The place's checks at once, so that a hanging place costs one timeout; a path that several look at is asked once."""
        checks = self._checks(place.component)
        paths = list(dict.fromkeys(check.path for check in checks))
        said = dict(zip(paths, await asyncio.gather(*(fetch(path) for path in paths)), strict=True))
        return [result_of(check, place, said[check.path], health=self._health, at=self._now()) for check in checks]

    async def _release(self, url: str, room: asyncio.Semaphore) -> str:
        async with room:
            said = await self._http.get(url, timeout=self._health.timeout, fresh=True)
        if isinstance(said, Failure):
            return f"error: {said.label}"
        return release_of(said, self._health) if said.status < 400 else f"error: {said.status}"


async def _together(places: Iterable[Awaitable[list[ProbeResult]]]) -> tuple[ProbeResult, ...]:
    return tuple(result for results in await asyncio.gather(*places) for result in results)
