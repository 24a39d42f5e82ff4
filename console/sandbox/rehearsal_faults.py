"""What can be made to go wrong in a rehearsal: pods of a slot, the database, the link to the API server, credentials."""

from __future__ import annotations

from collections.abc import Sequence

import aiohttp

from console.sandbox.plane_views import Plane, PodView
from console.sandbox.ports import LOOPBACK
from console.sandbox.postgres import Postgres
from console.sandbox.rehearsal_users import RehearsalUsers
from console.sandbox.relay import Link, Relay


class NoSuchPods(Exception):
    """No running pod is in this slot."""


class RehearsalFaults:
    """Switches faults of a running rehearsal on and off."""

    def __init__(self, *, plane: Plane, relay: Relay, database: Postgres, users: RehearsalUsers, session: aiohttp.ClientSession) -> None:
        self._plane, self._relay, self._database, self._users, self._session = plane, relay, database, users, session

    async def slot(self, slot: str, *, component: str = "", **faults: object) -> int:
        """Change faults of the running pods of a slot (of one component, if named): error_rate, delay, crash_after, unready,
        database_lost, report_release. The result is the number of pods; a pod that starts later does not have them."""
        return await self._change(slot, component, faults)

    async def crash(self, slot: str, *, component: str = "") -> int:
        """Let every pod of a slot die once, without warning."""
        return await self._change(slot, component, {"crash_after": 0.05})

    async def heal(self, slot: str, *, component: str = "") -> int:
        """No faults any more in the running pods of a slot."""
        pods = await self._pods(slot, component)
        for pod in pods:
            async with self._session.delete(_faults_url(pod), raise_for_status=True):
                pass
        return len(pods)

    async def api(self, link: Link) -> None:
        """Let the console's link to the API server be up, refused or hung; nodes and controllers keep theirs."""
        await self._relay.set(link)

    def expire_credentials(self, user: str) -> None:
        """Make the token in the user's kubeconfig one that the server does not know."""
        self._users.expire(user)

    def renew_credentials(self, user: str) -> None:
        """Log the user in again."""
        self._users.renew(user)

    async def stop_database(self) -> None:
        """Take the database away from everybody."""
        await self._database.stop()

    async def start_database(self) -> None:
        """Bring the database back."""
        await self._database.start()

    async def _change(self, slot: str, component: str, faults: dict[str, object]) -> int:
        pods = await self._pods(slot, component)
        for pod in pods:
            async with self._session.post(_faults_url(pod), json=faults, raise_for_status=True):
                pass
        return len(pods)

    async def _pods(self, slot: str, component: str) -> Sequence[PodView]:
        found = [pod for pod in await self._plane.pods() if _is_of(pod, slot, component)]
        if not found:
            raise NoSuchPods(f"no running pod in slot {slot}{f' of {component}' if component else ''}")
        return found


def _is_of(pod: PodView, slot: str, component: str) -> bool:
    return any(
        container.pid is not None and container.variables.get("SLOT") == slot and component in ("", container.variables.get("COMPONENT"))
        for container in pod.containers
    )


def _faults_url(pod: PodView) -> str:
    port = next(container.variables["PORT"] for container in pod.containers if "PORT" in container.variables)
    return f"http://{LOOPBACK}:{port}/debug/faults"
