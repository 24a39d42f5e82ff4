"""Commands that look or prepare wait for an API server that is away for a moment, and say why."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from console.cli.patience import patiently
from console.cluster.errors import CredentialsError, Forbidden, ServerFault, TooManyRequests, Unreachable
from console.domain.errors import BluegreenError
from tests.support.faults import fault


def asked(*answers: str | Exception) -> tuple[list[str], Callable[[], Awaitable[str]]]:
    told: list[str] = []
    left = list(answers)

    async def ask() -> str:
        found = left.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    return told, ask


@fault(
    "the API server does not answer while a command looks, plans or starts a run",
    group="the cluster",
    sees="one line on standard error with the reason and `trying again`",
    does="asks again for 10 s (a run, a way back: for 30 s), then leaves with the reason; nothing has changed",
    costs="the seconds that the server is away",
)
async def test_what_passes_by_itself_is_asked_again_and_told_once() -> None:
    told, ask = asked(Unreachable("reset"), Unreachable("reset"), ServerFault("no leader"), "well")
    assert await patiently(ask, say=told.append) == "well"
    assert told == ["reset", "no leader"]


@pytest.mark.parametrize("error", [Forbidden("you may not"), CredentialsError("log in again"), BluegreenError("no such release")])
async def test_what_does_not_pass_is_told_at_once(error: Exception) -> None:
    told, ask = asked(error)
    with pytest.raises(type(error)):
        await patiently(ask, say=told.append)
    assert told == []


@pytest.mark.parametrize("error", [Unreachable("refused"), TooManyRequests("busy")])
async def test_patience_ends(error: Exception) -> None:
    told, ask = asked(*[error] * 9)
    with pytest.raises(type(error)):
        await patiently(ask, within=0.15, say=told.append)
