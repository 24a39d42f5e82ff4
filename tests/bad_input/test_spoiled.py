"""Ten thousand spoiled files: accepted, or told with file, line and column, what is wrong and what to write; never a traceback."""

from __future__ import annotations

import gc
import os
import random
import resource
import time
from pathlib import Path

import pytest

from tests.bad_input.mutate import KINDS, spoiled
from tests.bad_input.readers import inputs, laid_out
from tests.support.faults import fault

SEED = int(os.environ.get("BLUEGREEN_SEED", "4"))
SECONDS = 5.0
"""Of processor time that one file may cost."""
MEGABYTES = 400
"""That all of them together may add to the process."""


def check_one(number: int, folder: Path) -> bool:
    """Read one spoiled file; True when it was accepted."""
    names = list(inputs())
    name = random.Random(f"{SEED}-{number}-which").choice(names)
    given = inputs()[name]
    data, kinds = spoiled(given.original, number, seed=SEED)
    here = folder / given.read.__name__
    here.mkdir(exist_ok=True)
    with laid_out(given, here, data) as file:
        began = time.process_time()
        try:
            found = given.read(here, file)
        except Exception as error:
            raise AssertionError(f"seed {SEED}, file {number} ({name}: {kinds}) ended in {type(error).__name__}: {error}") from error
        took = time.process_time() - began
    what = f"seed {SEED}, file {number} ({name}: {kinds})"
    assert took < SECONDS, f"{what} took {took:.1f} s"
    for problem in found:
        assert problem.message, what
        assert "Traceback" not in problem.message, what
        if given.placed:
            assert problem.hint, f"{what}: nothing is said about what to write: {problem}"
            assert problem.file.is_relative_to(here), f"{what}: {problem}"
            assert problem.line >= 1, f"{what}: {problem}"
            assert problem.column >= 1, f"{what}: {problem}"
    return not found


def check_all(numbers: range, folder: Path) -> int:
    gc.collect()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    accepted = sum(check_one(number, folder) for number in numbers)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    assert grown < MEGABYTES, f"{grown:.0f} MB more are in use"
    return accepted


@fault(
    "a file of settings, a runbook, a release file, a kubeconfig or an export is spoiled (typing, an editor, a merge, a transfer)",
    group="bad input",
    sees="file, line and column, what is wrong and what to write, every mistake at once; exit code 2",
    does="none is started; nothing has been sent or changed",
    costs="the correction",
)
def test_spoiled_files_are_accepted_or_told_and_never_a_traceback(tmp_path: Path) -> None:
    accepted = check_all(range(300), tmp_path)
    assert 10 < accepted < 200, "both happen"


@pytest.mark.slow
def test_ten_thousand_spoiled_files_are_accepted_or_told(tmp_path: Path) -> None:
    print(f"BLUEGREEN_SEED={SEED}")
    assert 300 < check_all(range(10_000), tmp_path) < 6_000


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_mistake_spoils_something(kind: str) -> None:
    original = inputs()["release"].original
    assert any(KINDS[kind](random.Random(number), original) != original for number in range(20))
