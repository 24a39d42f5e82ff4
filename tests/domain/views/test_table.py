"""Tables: what a filter leaves, what gives way where it is narrow, and how wide the rest is."""

from __future__ import annotations

import pytest

from console.domain.views.lines import Span, plain
from console.domain.views.table import Column, Row, Table, filtered, heading, layout, line_of

COLUMNS = (Column("name"), Column("ready", 5, right=True), Column("node", 10, rank=2), Column("reason", 20, rank=1))


def row(*texts: str) -> Row:
    return Row(texts[0], tuple((Span(text),) for text in texts))


ROWS = (row("web-1", "1/1", "node-a", ""), row("web-2", "0/1", "node-b", "CrashLoopBackOff"), row("api-1", "1/1", "node-a", ""))


@pytest.mark.parametrize(
    ("wanted", "keys"),
    [
        ("", ["web-1", "web-2", "api-1"]),
        ("WEB", ["web-1", "web-2"]),
        ("web crash", ["web-2"]),
        ("node-a !api", ["web-1"]),
        ("!", []),
        ("nothing like it", []),
    ],
)
def test_a_filter_wants_every_word_and_none_of_the_denied(wanted: str, keys: list[str]) -> None:
    found = filtered(Table(COLUMNS, ROWS), wanted)
    assert [each.key for each in found.rows] == keys
    assert found.total == 3


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (80, [(0, 39), (1, 5), (2, 10), (3, 20)]),
        (52, [(0, 23), (1, 5), (3, 20)]),
        (40, [(0, 33), (1, 5)]),
        (10, [(0, 12), (1, 5)]),
    ],
)
def test_columns_of_the_highest_rank_give_way_first_and_the_elastic_one_takes_the_rest(width: int, shown: list[tuple[int, int]]) -> None:
    assert list(layout(COLUMNS, width)) == shown


def test_cells_stand_below_their_titles_and_figures_at_the_right() -> None:
    assert plain(heading(COLUMNS, 52)) == " name                     ready  reason              "
    assert plain(line_of(ROWS[1], COLUMNS, 52)) == " web-2                      0/1  CrashLoopBackOff    "


def test_a_long_name_is_cut_in_its_middle() -> None:
    long = row("traider-backend-green-7d9f84cc5b-x2x9q", "1/1", "", "")
    assert plain(line_of(long, COLUMNS, 40)).startswith(" traider-backend-")
    assert "x2x9q" in plain(line_of(long, COLUMNS, 40))
