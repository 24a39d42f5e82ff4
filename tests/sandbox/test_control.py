"""The rehearsal's control socket: words in, one thing done, a sentence out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from console.sandbox.control import NotUnderstood, obey
from console.sandbox.rehearsal_cluster import SandboxCluster


@dataclass
class Recorded:
    """Stands for the rehearsal's faults: notes what was asked for."""

    calls: list[tuple[Any, ...]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        async def call(*args: object, **given: object) -> int:
            self.calls.append((name, *args, *given.items()))
            return 2

        def now(*args: object) -> None:
            self.calls.append((name, *args))

        return now if name.endswith("_credentials") else call


@dataclass
class Box:
    faults: Recorded = field(default_factory=Recorded)
    releases: list[str] = field(default_factory=list)

    def add_release(self, tag: str) -> None:
        self.releases.append(tag)


async def told(words: str) -> tuple[Box, str]:
    box = Box()
    return box, await obey(cast(SandboxCluster, box), None, words.split())


@pytest.mark.parametrize(
    ("words", "call"),
    [
        ("crash green", ("crash", "green")),
        ("errors green 0.3", ("slot", "green", ("error_rate", 0.3))),
        ("slow blue 1.5", ("slot", "blue", ("delay", 1.5))),
        ("unready blue", ("slot", "blue", ("unready", True))),
        ("heal blue", ("heal", "blue")),
        ("database stop", ("stop_database",)),
        ("database start", ("start_database",)),
        ("credentials expire", ("expire_credentials", "operator")),
        ("credentials renew", ("renew_credentials", "operator")),
    ],
)
async def test_words_switch_a_fault(words: str, call: tuple[object, ...]) -> None:
    box, said = await told(words)
    assert box.faults.calls == [call]
    assert said


@pytest.mark.parametrize("state", ["up", "refused", "hung"])
async def test_the_way_to_the_api_server_has_three_states(state: str) -> None:
    box, said = await told(f"api {state}")
    assert [c[0] for c in box.faults.calls] == ["api"]
    assert state in said


async def test_a_release_can_be_added_while_it_runs() -> None:
    box, _ = await told("release v9")
    assert box.releases == ["v9"]


@pytest.mark.parametrize("words", ["", "explode", "api sideways", "errors green", "database"])
async def test_what_is_not_understood_is_answered_with_what_is(words: str) -> None:
    with pytest.raises(NotUnderstood, match="crash SLOT"):
        await told(words)


async def test_a_share_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="lots"):
        await told("errors green lots")
