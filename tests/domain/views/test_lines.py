"""Lines fit their width and say what they leave out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as some

from console.domain.views import lines
from console.domain.views.lines import Span

TEXT = some.text(alphabet=some.characters(categories=["L", "N", "P", "Zs", "So"]), max_size=30)
LINES = some.lists(TEXT.map(lambda text: lines.span(text)), max_size=5).map(tuple)


@given(LINES, some.integers(0, 80))
def test_a_clipped_line_fits_and_shows_that_it_was_clipped(line: lines.Line, width: int) -> None:
    clipped = lines.clip(line, width)
    assert lines.width_of(clipped) <= width
    if lines.width_of(line) <= width:
        assert clipped == line
    elif width > 0:
        assert "…" in lines.plain(clipped)


@given(LINES, LINES, some.integers(1, 80))
def test_a_spread_line_is_as_wide_as_its_place(left: lines.Line, right: lines.Line, width: int) -> None:
    assert lines.width_of(lines.spread(left, right, width)) <= width
    if lines.width_of(right) + 1 < width:
        assert lines.plain(lines.spread(left, right, width)).endswith(lines.plain(right))


def test_empty_parts_get_no_separator() -> None:
    assert lines.plain(lines.joined([(), (Span("a"),), (), (Span("b"),)])) == "a ▪ b"


def test_commands_keep_their_lines_and_spaces_and_lose_nothing() -> None:
    command = '$ kubectl apply -f - <<\'MANIFEST\'\n{\n  "kind": "Service"\n}\nMANIFEST'
    rows = [lines.plain(row) for row in lines.chopped(command, 20)]
    assert rows == ["$ kubectl apply -f -", " <<'MANIFEST'", "{", '  "kind": "Service"', "}", "MANIFEST"]


def test_sentences_wrap_between_words_and_long_words_are_broken() -> None:
    wrapped = [lines.plain(row) for row in lines.wrapped("deploy v1.5.0 to green, please", 16, indent=2)]
    assert wrapped == ["deploy v1.5.0 to", "  green, please"]
    assert all(len(lines.plain(row)) <= 16 for row in lines.wrapped("x" * 50, 16))
