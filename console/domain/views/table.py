"""A table of rows: what list screens show, filter and choose from. Widths and what gives way where it is narrow are decided here."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import overload

from console.domain.views.lines import Line, Span, clip, column, plain, width_of

GAP = 2
"""Cells between two columns."""
LEAST = 12
"""Cells that an elastic column keeps, where it says nothing else."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; the first elastic one takes what is left."""

    title: str
    width: int | None = None
    """Cells; None: elastic."""
    right: bool = False
    """Figures stand at the right."""
    rank: int = 0
    """Where it is narrow, columns of the highest rank are left out first; rank 0 stays."""
    least: int = LEAST
    """Cells that an elastic column keeps before others are left out for it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a cell per column, toned as it likes."""

    key: str
    """Names the row for as long as it exists."""
    cells: tuple[Line, ...]

    @property
    def text(self) -> str:
        """What a filter looks at, in lower case."""
        return " ".join(plain(cell) for cell in self.cells).lower()


class LazyRows(Sequence[Row]):
    """Rows that are made when somebody looks at them: of thousands only those in view are."""

    def __init__(self, keys: Sequence[str], make: Callable[[int], Row], sought: Callable[[int], str]) -> None:
        """`sought` is the text that a filter looks at, in lower case, so that no row is made to be left out."""
        self._keys = keys
        self._make = make
        self._sought = sought

    def __len__(self) -> int:
        return len(self._keys)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        if isinstance(index, slice):
            return tuple(self._make(n) for n in range(*index.indices(len(self._keys))))
        if not -len(self._keys) <= index < len(self._keys):
            raise IndexError(index)
        return self._make(index % len(self._keys))

    def with_words(self, words: Sequence[str]) -> LazyRows:
        """Those that pass."""
        kept = [n for n in range(len(self._keys)) if _passes(self._sought(n), words)]
        return LazyRows([self._keys[n] for n in kept], lambda n: self._make(kept[n]), lambda n: self._sought(kept[n]))

    def place_of(self, key: str) -> int | None:
        """Where the row of this key is; no row is made to find it."""
        try:
            return self._keys.index(key)
        except ValueError:
            return None


def place_of(rows: Sequence[Row], key: str) -> int | None:
    """Where the row of this key is."""
    if isinstance(rows, LazyRows):
        return rows.place_of(key)
    return next((n for n, row in enumerate(rows) if row.key == key), None)


@dataclass(frozen=True)
class Table:
    """Columns and the rows that are shown."""

    columns: tuple[Column, ...]
    rows: Sequence[Row] = ()
    total: int = 0
    """Rows before the filter."""
    note: str = ""
    """Why there are no rows, or what is to be known of all of them (`stale for 12s`)."""


def filtered(table: Table, wanted: str) -> Table:
    """Rows that contain every word; a word that begins with `!` must not be contained. Case does not matter."""
    words = wanted.lower().split()
    if not words:
        return Table(table.columns, table.rows, len(table.rows), table.note)
    found = table.rows
    rows = found.with_words(words) if isinstance(found, LazyRows) else tuple(row for row in found if _passes(row.text, words))
    return Table(table.columns, rows, len(table.rows), table.note)


def layout(columns: tuple[Column, ...], width: int) -> tuple[tuple[int, int], ...]:
    """(position of the column, its cells) of those that are shown, left to right."""
    shown = list(range(len(columns)))
    while _least(columns, shown) > width and any(columns[n].rank for n in shown):
        shown.remove(max(shown, key=lambda n: (columns[n].rank, n)))
    room = width - sum(columns[n].width or 0 for n in shown) - GAP * (len(shown) - 1)
    elastic = [n for n in shown if columns[n].width is None]
    first, others = (elastic[0], elastic[1:]) if elastic else (None, [])
    share = max(LEAST, room // len(elastic)) if elastic else 0
    widths = {n: share for n in others}
    if first is not None:
        widths[first] = max(LEAST, room - share * len(others))
    return tuple((n, widths.get(n, columns[n].width or 0)) for n in shown)


def heading(columns: tuple[Column, ...], width: int) -> Line:
    """The titles, each above its cells."""
    return _joined([_cell((Span(columns[n].title, "dim"),), cells, columns[n].right) for n, cells in layout(columns, width)])


def line_of(row: Row, columns: tuple[Column, ...], width: int) -> Line:
    """One row, cell beside cell."""
    return _joined([_cell(row.cells[n], cells, columns[n].right) for n, cells in layout(columns, width)])


def _passes(text: str, words: Sequence[str]) -> bool:
    return all((word[1:] not in text) if word.startswith("!") and len(word) > 1 else (word in text) for word in words)


def _least(columns: tuple[Column, ...], shown: list[int]) -> int:
    return sum(columns[n].width or columns[n].least for n in shown) + GAP * (len(shown) - 1)


def _cell(content: Line, cells: int, right: bool) -> Line:
    if len(content) == 1 and width_of(content) > cells:  # a name is cut in its middle, a sentence of several tones at its end
        only = content[0]
        return (column(only.text, cells, only.tone),)
    fitted = clip(content, cells)
    space = Span(" " * (cells - width_of(fitted)))
    return (space, *fitted) if right else (*fitted, space)


def _joined(cells: list[Line]) -> Line:
    spans: list[Span] = [Span(" ")]
    for cell in cells:
        spans += [*cell, Span(" " * GAP)]
    return tuple(spans[:-1])
