"""The journal is damaged, locked, full or out of reach: nothing is started but the way back, and that works (SAFETY 3.1)."""

from __future__ import annotations

import shlex
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from tests.e2e.conftest import REAL, Starts
from tests.support.faults import fault
from tests.support.layout import SHOP
from tests.support.people import Person, Ran
from tests.support.scenario import Scenario

pytestmark = pytest.mark.slow
DEPLOY = ("run", "deploy", "-i", "release=v1.5.1", "--yes", "--reason", "x")
BACK = ("rollback", "--yes", "--reason", "the journal is no help")
REFUSED = 2


@contextmanager
def executed(journal: Path, statement: str) -> Iterator[None]:
    with closing(sqlite3.connect(journal)) as other, other:
        other.execute(statement)
    yield


@contextmanager
def locked(journal: Path) -> Iterator[None]:
    """By a program that does not let go."""
    with closing(sqlite3.connect(journal, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


@contextmanager
def rubbish(journal: Path) -> Iterator[None]:
    journal.write_bytes(b"this is not a database, and long enough to be looked at" * 400)
    yield


@contextmanager
def out_of_reach(journal: Path) -> Iterator[None]:
    shutil.rmtree(journal.parent)
    journal.parent.write_text("a file where the folder was")
    yield


@dataclass(frozen=True)
class Trouble:
    """What is made of a copy of the journal, and what a refused start says of it."""

    make: Callable[[Path], AbstractContextManager[None]]
    says: str
    spooled: bool = True
    """It cannot be written, so the way back is recorded in a file beside."""


TROUBLES = {
    "an entry was edited": Trouble(
        lambda j: executed(j, "UPDATE entries SET actor = 'mallory' WHERE seq = 4"), "entry 4 was changed", spooled=False
    ),
    "an entry was deleted": Trouble(lambda j: executed(j, "DELETE FROM entries WHERE seq = 4"), "entry 4 is missing", spooled=False),
    "a newer bluegreen wrote it": Trouble(lambda j: executed(j, "UPDATE journal SET value = '99' WHERE key = 'version'"), "version 99"),
    "it is no database": Trouble(rubbish, "is damaged"),
    "another program locks it": Trouble(locked, "is locked by another program"),
    "its folder is gone": Trouble(out_of_reach, "cannot be made"),
}
MOUNTED = {
    "its disk is full": ("dd if=/dev/zero of={folder}/fill bs=512 2>{folder}/../dd || true", "is full"),
    "its folder is read-only": ("mount -o remount,ro {folder}", "cannot be written"),
}
"""What is done in a file system of the command's own, and what a refused start says."""


async def two_releases(s: Scenario) -> None:
    await s.adopt("v1.4.0", active="east")
    await s.deploy("v1.5.0")
    await s.app.expect_live("west", "v1.5.0")


def with_a_copy(s: Scenario) -> Person:
    """The operator, with the journal in a folder of its own."""
    folder = s.folder / "disk"
    folder.mkdir()
    for file in s.operator.journal.parent.glob(f"{s.operator.journal.name}*"):
        shutil.copy(file, folder / file.name)
    return replace(s.operator, journal=folder / s.operator.journal.name)


@fault(
    "the journal is locked by another program, is no database any more, was written by a newer bluegreen, or its folder is gone",
    group="the journal",
    sees="`run` ends with 2 and says which of these; `status` works; `rollback` works and says where it is recorded",
    does="nothing is started but a rollback to the warm slot, which is recorded in a file beside and comes into the journal later",
    costs="what the sentence says: end the other program, or give another journal",
)
@pytest.mark.parametrize("box", REAL, indirect=True)
@pytest.mark.parametrize("trouble", TROUBLES)
async def test_nothing_but_the_way_back_starts_when(scenario: Starts, trouble: str) -> None:
    async with scenario(SHOP) as s:
        await two_releases(s)
        someone = with_a_copy(s)
        with TROUBLES[trouble].make(someone.journal):
            (await someone.cli(*DEPLOY)).expect(REFUSED, TROUBLES[trouble].says)
            await s.app.expect_live("west", "v1.5.0")
            (await someone.cli("status")).expect(0, "v1.5.0")
            back = (await someone.cli(*BACK)).expect(0, "users are on east (v1.4.0)")
            await s.app.expect_live("east", "v1.4.0")
        assert "Traceback" not in back.out + back.err
        assert ("recorded in" in back.err) == TROUBLES[trouble].spooled, str(back)


@fault(
    "the journal's folder can only be read",
    group="the journal",
    sees="`run` ends with 2 and names the folder; `status`, `runs` and `show` work; `rollback` works and says where it is recorded",
    does="nothing is started but a rollback to the warm slot, which is recorded in a file elsewhere",
    costs="the folder's rights, or another journal",
)
@pytest.mark.parametrize("box", REAL, indirect=True)
@pytest.mark.parametrize("trouble", MOUNTED)
async def test_nothing_but_the_way_back_starts_on_a_disk_where(scenario: Starts, trouble: str) -> None:
    prepare, says = MOUNTED[trouble]
    async with scenario(SHOP) as s:
        await two_releases(s)
        someone = with_a_copy(s)

        async def cli(*words: str) -> Ran:
            folder = someone.journal.parent
            lines = (
                f"cp -r {folder} {folder}-before",
                f"mount -t tmpfs -o size=2m none {folder}",
                f"cp {folder}-before/* {folder}",
                prepare.format(folder=folder),
                f"exec {shlex.join(someone.arguments(*words))}",
            )
            script = "\n".join((f"rm -rf {folder}-before", *lines))
            return await someone.shell(f"exec unshare --map-root-user --mount sh -ec {shlex.quote(script)}", first_on_path=Path("/usr/bin"))

        (await cli(*DEPLOY)).expect(REFUSED, says)
        await s.app.expect_live("west", "v1.5.0")
        (await cli("status")).expect(0, "v1.5.0")
        (await cli("runs")).expect(0, "deploy")
        (await cli(*BACK)).expect(0, "users are on east (v1.4.0)", "recorded in")
        await s.app.expect_live("east", "v1.4.0")
