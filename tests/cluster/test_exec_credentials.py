"""A plugin's credential over time: one run for many requests, renewed in time, not asked in a storm."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from console.cluster.credentials import Credential
from console.cluster.errors import CredentialsError
from console.cluster.exec_credentials import ExecCredentials
from console.cluster.exec_plugin import ExecCredential
from console.cluster.target import Pem, User
from tests.cluster.support import PODS, client_of, status
from tests.scripted import Reply, Request, scripted, until


class Plugin:
    """Gives `token-1`, `token-2` …, each living for `life` seconds of the clock; fails while `broken`."""

    def __init__(self, *, life: float | None = None) -> None:
        self.life, self.runs, self.now, self.broken = life, 0, 1_000_000.0, False
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self) -> ExecCredential:
        self.runs += 1
        number = self.runs
        await self.gate.wait()
        if self.broken:
            raise CredentialsError("the plugin failed")
        ends = datetime.fromtimestamp(self.now + self.life, UTC) if self.life is not None else None
        return ExecCredential(token=f"token-{number}", expires=ends)

    def credentials(self, user: User | None = None) -> ExecCredentials:
        return ExecCredentials(user or User(), self, now=lambda: self.now)


async def test_many_requests_at_once_are_one_run() -> None:
    plugin = Plugin()
    found = plugin.credentials()
    given = await asyncio.gather(*(found.current() for _ in range(20)))
    assert {each.authorization for each in given} == {"Bearer token-1"}
    assert plugin.runs == 1


async def test_without_an_end_it_is_used_until_it_is_rejected() -> None:
    plugin = Plugin()
    found = plugin.credentials()
    first = await found.current()
    plugin.now += 10_000_000
    assert await found.current() is first
    assert await found.renew(first)
    assert (await found.current()).authorization == "Bearer token-2"


async def test_many_rejections_of_one_credential_are_one_run() -> None:
    plugin = Plugin()
    found = plugin.credentials()
    first = await found.current()
    assert await asyncio.gather(*(found.renew(first) for _ in range(9))) == [True] * 9
    assert plugin.runs == 2


async def test_shortly_before_the_end_it_is_renewed_beside_the_work() -> None:
    plugin = Plugin(life=3600)
    found = plugin.credentials()
    await found.current()
    plugin.now += 3600 - 301
    await found.current()
    assert plugin.runs == 1
    plugin.now += 2
    plugin.gate.clear()
    assert (await found.current()).authorization == "Bearer token-1", "nobody waits for the renewal"
    await until(lambda: plugin.runs == 2)
    plugin.gate.set()
    await until(lambda: _token(found) == "Bearer token-2")
    assert plugin.runs == 2


async def test_a_failure_beside_the_work_harms_nobody_yet() -> None:
    plugin = Plugin(life=3600)
    found = plugin.credentials()
    await found.current()
    plugin.now += 3400
    plugin.broken = True
    assert (await found.current()).authorization == "Bearer token-1"
    await until(lambda: plugin.runs == 2)
    assert (await found.current()).authorization == "Bearer token-1"
    plugin.now += 190
    with pytest.raises(CredentialsError, match="the plugin failed"):
        await found.current()


async def test_after_the_end_the_request_waits_for_the_new_one() -> None:
    plugin = Plugin(life=3600)
    found = plugin.credentials()
    await found.current()
    plugin.now += 3599
    assert (await found.current()).authorization == "Bearer token-2"


async def test_a_credential_that_lives_for_seconds_does_not_run_the_plugin_at_every_request() -> None:
    plugin = Plugin(life=1)
    found = plugin.credentials()
    for _ in range(10):
        await found.current()
        plugin.now += 0.4
    assert plugin.runs == 1


async def test_a_plugin_that_fails_is_left_alone_for_some_seconds() -> None:
    plugin = Plugin()
    plugin.broken = True
    found = plugin.credentials()
    for _ in range(9):
        with pytest.raises(CredentialsError):
            await found.current()
    assert plugin.runs == 1
    plugin.broken = False
    plugin.now += 5.1
    assert (await found.current()).authorization == "Bearer token-2"


async def test_the_users_own_certificate_goes_along() -> None:
    user = User(certificate=Pem(data=b"crt"), key=Pem(data=b"key"))
    given = await Plugin().credentials(user).current()
    assert given.certificate is not None
    assert given.certificate.chain == b"crt"


async def test_a_rejected_credential_is_replaced_within_the_request() -> None:
    async def answer(request: Request, reply: Reply) -> None:
        fresh = request.header("authorization") == "Bearer token-2"
        await reply.json(200 if fresh else 401, {} if fresh else status(401, "Unauthorized"))

    plugin = Plugin()
    async with scripted(answer) as server, client_of(server.url) as client:
        client._credentials = plugin.credentials()
        await asyncio.gather(*(client.request("GET", PODS) for _ in range(5)))
    assert plugin.runs == 2


def _token(found: ExecCredentials) -> str:
    known = found._known or Credential()
    return known.authorization
