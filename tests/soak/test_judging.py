"""The soak's own judgement: what grew is said, what did not is not."""

from __future__ import annotations

from tests.soak.__main__ import Sample, Soak, judged


def soak(*memory: int, files: int = 20, growing: int = 0, threads: int = 6) -> Soak:
    samples = [Sample(n / 4, m * 1_000_000, files + n * growing, threads, 1) for n, m in enumerate(memory)]
    return Soak(1, samples=samples)


def test_a_console_that_stays_as_it_is_held() -> None:
    assert judged(soak(90, 92, 91, 93, 92, 94, 93, 92, 95)) == []


def test_memory_and_files_that_grow_are_said() -> None:
    assert judged(soak(90, 91, 92, 99, 104, 109, 115, 120, 126)) == ["memory grew from 92 to 126 MB"]
    assert judged(soak(*[90] * 12, growing=4)) == ["open files grew from 32 to 52"]


def test_nothing_measured_is_no_pass() -> None:
    assert judged(Soak(1)) == ["nothing was measured"]
