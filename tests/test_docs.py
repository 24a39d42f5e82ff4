"""Pages that are generated say what their sources say."""

from __future__ import annotations

from pathlib import Path

from console.app.keymap import key_rows
from tests.support import key_page
from tests.support.fault_table import page, rows

DOCS = Path(__file__).resolve().parents[1] / "docs"


def test_the_page_of_faults_is_what_the_tests_prove() -> None:
    assert (DOCS / "faults.md").read_text(encoding="utf-8") == page(rows()), (
        "make it again: python -m tests.support.fault_table > docs/faults.md"
    )


def test_a_fault_is_read_from_the_mark_of_its_test(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        '@fault("the link | drops", group="the host", sees="LOST", does="waits", costs="nothing")\ndef test_it(): ...\n'
    )
    (row,) = rows(tmp_path)
    assert (row.what, row.proof) == ("the link | drops", "test_one.py test_it")
    assert r"| the link \| drops | LOST | waits | nothing | [it](../tests/test_one.py) |" in page([row])


def test_the_page_of_keys_is_what_the_bindings_are() -> None:
    assert (DOCS / "keys.md").read_text(encoding="utf-8") == key_page.page(key_rows()), (
        "make it again: python -m tests.support.key_page > docs/keys.md"
    )
