"""Rows of log pages that grow, lose lines and get late ones: always what a fresh look at the page gives; heads, tags and files."""

from __future__ import annotations

from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.logs import LogLine, LogPage, LogRequest, LogScope, LogSource, with_lines
from console.domain.views.lines import plain
from console.domain.views.log_rows import LogRows, RowsWanted, parts_of
from console.domain.views.logs import LogsHead, logs_head, saved_text, stamp, tags_of
from console.domain.views.marks import Mark
from screens.paint.logs import Margin, paint_log_line, paint_logs_head
from tests.screens import scenes

REQUEST = LogRequest(LogScope("green"))


def rows(shown: LogRows) -> list[tuple[str, int]]:
    return [(found[0].text, found[1]) for n in range(shown.total) if (found := shown.row(n))]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(st.tuples(st.integers(0, 60), st.sampled_from(["a", "error b" * 3, "漢字" * 5, ""])), max_size=8), max_size=12),
    st.sampled_from([(), ("error",), ("!error",)]),
    st.sampled_from([0, 7]),
    st.integers(3, 20),
)
def test_rows_that_follow_a_page_are_those_of_a_fresh_look(
    batches: list[list[tuple[int, str]]], words: tuple[str, ...], room: int, kept: int
) -> None:
    page, following = LogPage(REQUEST), LogRows()
    for batch in batches:
        lines = sorted((LogLine(at, 0, text, at % 9 == 0) for at, text in batch), key=lambda line: line.at)
        page = with_lines(page, lines, kept=kept)
        following.show(page, RowsWanted(words, room))
        fresh = LogRows()
        fresh.show(page, RowsWanted(words, room))
        assert rows(following) == rows(fresh)
        assert len(rows(fresh)) == fresh.total == following.total
    assert following.row(following.total) is None


def test_pages_that_were_not_shown_in_between_do_no_harm() -> None:
    page, shown = LogPage(REQUEST), LogRows()
    shown.show(page, RowsWanted())
    for start in range(0, 100, 10):
        page = with_lines(page, [LogLine(n, 0, str(n)) for n in range(start, start + 10)], kept=15)
    shown.show(page, RowsWanted())
    assert [text for text, _ in rows(shown)] == [str(n) for n in range(85, 100)]


@pytest.mark.parametrize(
    ("text", "room", "parts"),
    [("abcdef", 4, ["abcd", "ef"]), ("", 4, [""]), ("漢字漢", 4, ["漢字", "漢"]), ("a漢b", 2, ["a", "漢", "b"]), ("abcd", 4, ["abcd"])],
)
def test_wrapping_leaves_nothing_out(text: str, room: int, parts: list[str]) -> None:
    assert parts_of(text, room) == parts
    assert "".join(parts) == text


def source(slot: str = "green", component: str = "backend", pod: str = "x1", state: str = "following", reason: str = "") -> LogSource:
    return LogSource(slot, component, f"traider-{component}-{slot}-7d9f-{pod}", component, state, reason)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("sources", "tags"),
    [
        ((source(),), ["x1"]),
        ((source(), source(pod="x2")), ["x1", "x2"]),
        ((source(), source(component="frontend")), ["backend x1", "frontend x1"]),
        ((source(), source(slot="blue")), ["green x1", "blue x1"]),
        ((source(), LogSource("green", "backend", source().pod, "migrate")), ["backend", "migrate"]),
    ],
)
def test_tags_are_as_short_as_tells_the_pods_apart(sources: tuple[LogSource, ...], tags: list[str]) -> None:
    assert [tag.text for tag in tags_of(sources, scenes.environment())] == tags


def test_the_tags_of_a_slot_have_its_colour() -> None:
    found = tags_of((source(), source(slot="blue")), scenes.environment())
    assert [tag.tone for tag in found] == ["slot-2", "slot-1"]


@pytest.mark.parametrize(
    ("page", "more", "said"),
    [
        (None, {}, "Logs of green, all components | opening"),
        (LogPage(REQUEST, (source(), source(pod="x2"))), {}, "Logs of green, all components  0 lines | following 2 containers"),
        (
            LogPage(REQUEST, (source(), source(pod="x2", state="ended"))),
            {"paused": True, "newer": 12},
            "Logs of green, all components  0 lines | paused, 12 new lines",
        ),
        (
            LogPage(REQUEST, (source(state="away", reason="node does not answer"),), left_out=7, base=1200, note="40 of 90 logs are read"),
            {},
            "Logs of green, all components  1200 lines | following 0 of 1 container | "
            "cannot read traider-backend-green-7d9f-x1: node does not answer ▪ 7 lines left out: they came too fast "
            "▪ 1200 older lines dropped ▪ 40 of 90 logs are read",
        ),
        (
            LogPage(REQUEST, (source(),), tuple(LogLine(n, 0, "x") for n in range(9))),
            {"wanted": "x y", "matches": 4},
            "Logs of green, all components  4 of 9 lines with “x y” | following 1 container",
        ),
    ],
)
def test_the_head_says_whose_how_many_and_what_is_missing(page: LogPage | None, more: dict[str, object], said: str) -> None:
    given_: dict[str, object] = {"wanted": "", "matches": 0, "paused": False, "newer": 0, **more}
    head = logs_head(page, REQUEST, **given_)  # type: ignore[arg-type]
    lines = [" ".join(plain(line).split()) for line in paint_logs_head(head, 250, 0)]
    first, *rest = said.split(" | ")
    state = rest[0]
    assert lines[0].startswith(" ".join(first.split()))
    assert lines[0].endswith(state)
    assert lines[1:] == ([rest[1]] if len(rest) > 1 else [])


def test_a_page_is_saved_with_what_it_is_and_times_in_utc() -> None:
    page = LogPage(REQUEST, (source(),), (LogLine(1772332861500000000, 0, "ok"), LogLine(1772332862000000000, 0, "error")), left_out=2)
    head = LogsHead("Logs of green", "1 of 2 lines", Mark.RUNNING, "following", (("2 lines left out", "waiting"),))
    saved = saved_text(page, head, words=("error",), wanted="error", server="https://prod")
    assert saved == (
        "# Logs of green on https://prod\n# 1 of 2 lines, filter “error”\n# 2 lines left out\n"
        "2026-03-01T02:41:02.000000000Z traider-backend-green-7d9f-x1/backend error\n"
    )


def test_a_line_has_time_and_pod_in_front_and_goes_on_below_its_own_text() -> None:
    line, tag = LogLine(1772332861512000000, 0, "abcdefghij" * 4), tags_of((source(), source(pod="x2")), None)[0]
    margin = Margin(stamps=True, tag=2)
    painted = [plain(paint_log_line(line, part, tag, stamp(line, UTC), margin, width=40, wrap=True)) for part in range(2)]
    assert painted == [" 02:41:01.512 x1 │ abcdefghijabcdefghija", "                   bcdefghijabcdefghij"]
    assert plain(paint_log_line(line, 0, tag, stamp(line, UTC), margin, width=40, wrap=False)).endswith("abcdefghijabcdefghij…")
