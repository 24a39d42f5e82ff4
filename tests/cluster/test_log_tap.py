"""Bytes of a log become lines: in pieces, repeated after a cut, too long, too many, and not what a log should be."""

from __future__ import annotations

import asyncio

import pytest

from console.cluster.log_tap import LONGEST, Tap

GAP, WHOLE = "lines may be missing here", "nothing is missing"


def line(second: float, text: str) -> bytes:
    return f"2026-03-01T02:41:{int(second):02d}.{int(second % 1 * 1000):03d}000000Z {text}\n".encode()


def texts(tap: Tap, most: int = 10_000) -> list[str]:
    return [f"** {text}" if notice else text for _, text, notice in tap.take(most)]


def test_lines_come_out_with_their_times_however_the_bytes_come_in() -> None:
    tap = Tap()
    whole = line(1.5, "one") + line(2, "two")
    for start in range(0, len(whole), 7):
        tap.feed(whole[start : start + 7])
    assert tap.take(10) == [(1772332861500000000, "one", False), (1772332862000000000, "two", False)]
    assert tap.last is not None
    assert tap.last.isoformat() == "2026-03-01T02:41:02+00:00"


@pytest.mark.parametrize(("whole", "kept"), [(True, ["one", "two"]), (False, ["one"])])
def test_a_last_line_without_an_end_counts_only_where_the_answer_ended_well(whole: bool, kept: list[str]) -> None:
    tap = Tap()
    tap.feed(line(1, "one") + line(2, "two")[:-1])
    tap.end(whole=whole)
    assert texts(tap) == kept


def test_after_a_cut_what_was_had_is_left_out_and_nothing_is_said_to_be_missing() -> None:
    tap = Tap()
    tap.feed(line(1, "one") + line(2.1, "two") + line(2.2, "three") + line(2.2, "three too") + line(2.9, "half")[:20])
    tap.end(whole=False)
    assert texts(tap) == ["one", "two", "three", "three too"]
    tap.resume(GAP, WHOLE)
    tap.feed(line(2.1, "two") + line(2.2, "three") + line(2.2, "three too") + line(2.2, "four") + line(2.9, "half a line"))
    assert texts(tap) == [f"** {WHOLE}", "four", "half a line"]


def test_lines_that_still_wait_are_known_as_well() -> None:
    tap = Tap()
    tap.feed(line(1, "one") + line(2, "two"))
    tap.end(whole=False)
    assert tap.last is not None
    assert tap.last.second == 2
    tap.resume(GAP)
    tap.feed(line(2, "two") + line(3, "three"))
    assert texts(tap) == ["one", "two", "three"]


def test_where_the_last_line_is_not_repeated_lines_may_be_missing() -> None:
    tap = Tap()
    tap.feed(line(1, "one"))
    assert texts(tap) == ["one"]
    tap.resume(GAP, WHOLE)
    tap.feed(line(5, "much later"))
    assert texts(tap) == [f"** {GAP}", "much later"]
    tap.feed(line(6, "and on"))
    assert texts(tap) == ["and on"]


def test_equal_lines_at_the_same_time_are_not_taken_for_repeated_ones_without_a_cut() -> None:
    tap = Tap()
    tap.feed(line(1, "tick") + line(1, "tick"))
    assert texts(tap) == ["tick", "tick"]


def test_what_comes_faster_than_it_is_taken_is_dropped_counted_and_said_in_its_place() -> None:
    tap = Tap(room=200)
    for number in range(20):
        tap.feed(line(number, f"line {number}"))
    shown = texts(tap)
    assert shown[0] == f"** {tap.left_out} lines left out here: they came faster than they could be taken"
    assert shown[1:] == [f"line {number}" for number in range(20)][-len(shown[1:]) :]
    assert tap.left_out + len(shown) - 1 == 20


async def test_where_nothing_may_be_lost_the_reader_waits_for_room() -> None:
    tap = Tap(room=100, lossless=True)
    for number in range(10):
        tap.feed(line(number, f"line {number}"))
    waiting = asyncio.create_task(tap.has_room())
    await asyncio.sleep(0)
    assert not waiting.done()
    assert len(texts(tap)) == 10
    await asyncio.wait_for(waiting, 5)
    assert tap.left_out == 0


def test_only_about_as_many_lines_as_wanted_are_taken_at_once() -> None:
    tap = Tap()
    for number in range(50):
        tap.feed(line(number, str(number)))
    assert len(texts(tap, 10)) == 10
    assert tap.waiting


def test_a_line_without_an_end_cannot_fill_the_memory() -> None:
    tap = Tap()
    tap.feed(line(1, "one"))
    for _ in range(100):
        tap.feed(b"x" * 10_000)
    tap.feed(b"still the same line\n" + line(2, "two"))
    first, long, last = texts(tap)
    assert (first, last) == ("one", "two")
    assert long.endswith("[line cut]")
    assert len(long) == LONGEST + len(" [line cut]")


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"<html>502</html>\n", "<html>502</html>"),
        (b"2026-03-01T02:41:01Z \x1b[31mred\x1b[0m \x1b]0;title\x07end\n", "red end"),
        (b"2026-03-01T02:41:01Z a\tb\x00\xc2\x9bc\r\n", "a   b··c"),
        (b"2026-03-01T02:41:01Z \xff\xfe\n", "��"),
        (b"2026-03-01T02:41:01Z \n", ""),
        (b"2026-03-01T02:41:01Z\n", ""),
        (b"2026-13-99T99:99:99Z text\n", "2026-13-99T99:99:99Z text"),
        (b"2026-03-01T02:41:01Z login password=hunter2 ok\n", "login password=[hidden] ok"),
        (b"2026-03-01T02:41:01Z pass\x1b[1mword=hunter2\n", "password=[hidden]"),
    ],
)
def test_garbage_escapes_and_secrets_do_not_reach_the_screen(raw: bytes, shown: str) -> None:
    tap = Tap()
    tap.feed(raw)
    assert texts(tap) == [shown]


def test_a_private_key_over_several_lines_is_hidden_line_by_line() -> None:
    tap = Tap()
    key = ["before", "-----BEGIN RSA PRIVATE KEY-----", "MIIEabc", "-----END RSA PRIVATE KEY-----", "after"]
    tap.feed(b"".join(line(n, text) for n, text in enumerate(key)))
    assert texts(tap) == ["before", "[hidden]", "[hidden]", "[hidden]", "after"]


def test_times_of_another_zone_are_the_same_moments() -> None:
    tap = Tap()
    tap.feed(b"2026-03-01T03:41:01.5+01:00 one\n")
    assert tap.take(1) == [(1772332861500000000, "one", False)]
