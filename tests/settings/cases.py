"""Golden cases: one file per case, its name a sentence. `=== path` begins a file of the case, `=== expected` what is said about them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
EXPECTED = "expected"


@dataclass(frozen=True)
class Case:
    name: str
    files: dict[str, str]
    expected: str
    """One problem per line, with paths relative to the folder."""

    def write(self, folder: Path) -> None:
        for path, text in self.files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")


def cases(folder: Path) -> list[Case]:
    return [_read(file) for file in sorted(folder.glob("*.case"))]


def _read(file: Path) -> Case:
    parts: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        if line.startswith("=== "):
            lines = parts.setdefault(line.removeprefix("=== ").strip(), [])
        else:
            lines.append(line)
    texts = {path: "".join(content) for path, content in parts.items()}
    return Case(file.stem, texts, texts.pop(EXPECTED))
