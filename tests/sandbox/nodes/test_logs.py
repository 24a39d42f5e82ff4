"""Container logs: the kubelet's options on lines with known times."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from console.sandbox.nodes import logs
from console.sandbox.nodes.logs import ContainerLog, LogQuery

START = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)


def written(*texts: bytes) -> ContainerLog:
    log = ContainerLog()
    for number, text in enumerate(texts):
        log.write(text, START + timedelta(seconds=number))
    return log


async def read(log: ContainerLog, query: LogQuery) -> bytes:
    return b"".join([chunk async for chunk in log.read(query)])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (LogQuery(), b"one\ntwo\nthree\n"),
        (LogQuery(tail=2), b"two\nthree\n"),
        (LogQuery(tail=0), b""),
        (LogQuery(since=START + timedelta(seconds=1)), b"two\nthree\n"),
        (LogQuery(limit_bytes=6), b"one\ntw"),
        (LogQuery(tail=1, timestamps=True), b"2026-05-01T12:00:02.123456000Z three\n"),
    ],
)
async def test_options(query: LogQuery, expected: bytes) -> None:
    assert await read(written(b"one\n", b"two\n", b"three\n"), query) == expected


async def test_lines_are_put_together_and_the_last_one_needs_no_end() -> None:
    log = written(b"he", b"llo\nwor", b"ld")
    assert await read(log, LogQuery()) == b"hello\n"
    log.end(START)
    assert await read(log, LogQuery()) == b"hello\nworld\n"


async def test_following_ends_with_the_process() -> None:
    log = written(b"one\n")
    following = asyncio.create_task(read(log, LogQuery(follow=True)))
    await asyncio.sleep(0)
    log.write(b"two\n", START)
    await asyncio.sleep(0)
    assert not following.done()
    log.end(START)
    assert await asyncio.wait_for(following, 5) == b"one\ntwo\n"


async def test_old_lines_are_forgotten_and_a_follower_loses_none_of_the_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "KEPT_BYTES", 10)
    log = written(b"12345\n", b"67890\n", b"abc\n")
    assert await read(log, LogQuery()) == b"67890\nabc\n"
    following = asyncio.create_task(read(log, LogQuery(follow=True, tail=1)))
    await asyncio.sleep(0)
    for text in (b"defgh\n", b"ijklm\n"):
        log.write(text, START)
        await asyncio.sleep(0)
    log.end(START)
    assert await asyncio.wait_for(following, 5) == b"abc\ndefgh\nijklm\n"


def test_last_words_are_the_end_of_the_log() -> None:
    log = written(*(f"line {number}\n".encode() for number in range(100)))
    assert log.last_words().startswith("line 20\n")
    assert log.last_words().endswith("line 99")
    assert len(written(b"x" * 5000 + b"\n").last_words()) == 2048
