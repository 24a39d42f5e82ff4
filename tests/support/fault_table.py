"""Prints docs/faults.md: every fault that a test proves, what the operator sees, what the run does and what it costs.

python -m tests.support.fault_table > docs/faults.md
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from tests.support.faults import Group

TESTS = Path(__file__).resolve().parents[1]
HEAD = """# What happens when something goes wrong

Whatever fails at night, four things hold: a switch that was caught in the middle is finished or taken back and shown until it is, no
effect is lost or done twice, nothing that is not known looks healthy, and the way back to the warm slot stays open. This page says for
each fault what you see and where, what the run does by itself, and what it costs you: time, a key, or a decision.

Read it by its groups; the last column leads to the test that proves the row. The page is made from those tests
(`python -m tests.support.fault_table > docs/faults.md`): a row without a test cannot exist.
"""
ABOUT: Mapping[str, str] = {
    "crash and resume": "A runner that ends at any point, and the run that goes on from where the cluster is.",
    "two operators": "Two people, two terminals or two machines at one environment.",
    "others' hands": "What somebody else changes in the cluster while a run is on.",
    "the cluster": "The API server and what stands between it and us.",
    "pods": "What becomes of the pods of a slot, and of its database.",
    "identity and rights": "Who we are to the API server, and what we may do.",
    "the journal": "The record of runs: its file or its database. `bluegreen audit verify` tells whether it is what was written.",
    "the host": "The machine that a runner, a command or the console runs on.",
    "bad input": "What people write into files and onto the command line.",
    "the console": "The screen itself.",
}
"""A sentence under each heading."""


@dataclass(frozen=True)
class Row:
    """One fault and its proof."""

    group: str
    what: str
    sees: str
    does: str
    costs: str
    proof: str
    """File and test, below tests/."""


def rows(folder: Path = TESTS) -> list[Row]:
    """All rows, by file and line."""
    return [row for file in sorted(folder.rglob("test_*.py")) for row in _rows_of(file, folder)]


def page(found: list[Row]) -> str:
    """The page, one table for each group."""
    parts = [HEAD]
    for group in get_args(Group):
        mine = [row for row in found if row.group == group]
        if mine:
            parts.append(f"## {group[0].upper()}{group[1:]}\n\n{ABOUT[group]}\n")
            parts.append("| fault | the operator sees | the run | it costs | proved by |\n|---|---|---|---|---|")
            parts.append("\n".join(_line(row) for row in mine) + "\n")
    return "\n".join(parts)


def _rows_of(file: Path, folder: Path) -> Iterator[Row]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    for node in tree.body:
        for call in (c for c in ast.walk(node) if _marks_a_fault(c)):
            assert isinstance(call, ast.Call)
            words = {k.arg: ast.literal_eval(k.value) for k in call.keywords if k.arg}
            name = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else file.stem
            yield Row(what=ast.literal_eval(call.args[0]), proof=f"{file.relative_to(folder)} {name}", **words)


def _marks_a_fault(node: ast.AST) -> bool:
    """`fault(…, group=…)`: other functions of that name name no group."""
    called = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "fault"
    return called and isinstance(node, ast.Call) and any(k.arg == "group" for k in node.keywords)


def _line(row: Row) -> str:
    file, _, test = row.proof.partition(" ")
    cells = (row.what, row.sees, row.does, row.costs, f"[{test.removeprefix('test_').replace('_', ' ')}](../tests/{file})")
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


if __name__ == "__main__":
    print(page(rows()), end="")
