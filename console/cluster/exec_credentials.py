"""Keeps the credential of a plugin: asked once, used until shortly before it expires, asked again after a 401.

Many requests at once cost one run. A plugin that fails is not asked again for a few seconds, however many ask.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

from console.cluster.credentials import Credential, certificate_of
from console.cluster.errors import CredentialsError
from console.cluster.exec_plugin import ExecCredential
from console.cluster.target import User

PAUSE = 5.0
"""Seconds between two runs, whatever the plugin says of the expiry, unless the server rejected its credential."""
EARLY = 300.0
"""Seconds before the expiry at which a new credential is fetched beside the work; at most a fifth of its life."""
LATE = 20.0
"""Seconds before the expiry at which requests wait for the new one; at most a twentieth of its life."""


class ExecCredentials:
    """The credential of one user's plugin."""

    def __init__(self, user: User, plugin: Callable[[], Awaitable[ExecCredential]], *, now: Callable[[], float] = time.time) -> None:
        self._user, self._plugin, self._now = user, plugin, now
        self._lock = asyncio.Lock()
        self._known: Credential | None = None
        self._early = self._late = 0.0
        self._failed: tuple[float, CredentialsError] | None = None
        self._beside: asyncio.Task[None] | None = None

    async def current(self) -> Credential:
        known = self._known
        if known is not None and self._now() < self._late:
            if self._now() >= self._early and (self._beside is None or self._beside.done()):
                self._beside = asyncio.create_task(self._renew_beside(known))
            return known
        return await self._asked(instead_of=known)

    async def renew(self, rejected: Credential) -> bool:
        return await self._asked(instead_of=rejected) != rejected

    async def _renew_beside(self, known: Credential) -> None:
        """A failure now is no trouble yet: the known credential still holds."""
        with contextlib.suppress(CredentialsError):
            await self._asked(instead_of=known)

    async def _asked(self, *, instead_of: Credential | None) -> Credential:
        """Runs the plugin, unless somebody else just did."""
        async with self._lock:
            if self._known is not None and self._known != instead_of:
                return self._known
            if self._failed is not None and self._now() - self._failed[0] < PAUSE:
                raise self._failed[1]
            try:
                answer = await self._plugin()
            except CredentialsError as error:
                self._failed = (self._now(), error)
                raise
            self._failed = None
            self._keep(answer)
            assert self._known is not None
            return self._known

    def _keep(self, answer: ExecCredential) -> None:
        self._known = Credential(
            authorization=f"Bearer {answer.token}" if answer.token else "",
            certificate=answer.certificate or certificate_of(self._user),
        )
        now = self._now()
        if answer.expires is None:
            self._early = self._late = float("inf")
            return
        ends = answer.expires.timestamp()
        life = max(0.0, ends - now)
        self._early = max(now + PAUSE, ends - min(EARLY, life / 5))
        self._late = max(now + PAUSE, ends - min(LATE, life / 20))
