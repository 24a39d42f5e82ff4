"""Whatever is typed into a file of settings, the answer is a list of problems and never a traceback."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from console.settings import ConfigError, ConfigFolder, Problem, check, load, shipped_folder

SHIPPED = shipped_folder()
FILES = ["application.yml", "metrics.yml", "environments/production.yml", "environments/staging.yml", "k8s/backend.yml"]
SCRAPS = [
    "{", "}", "[", "]", ": ", "- ", "\t", "\n", "  ", '"', "'", "#", "&a ", "*a", "<<: ", "!x ",
    "|", ">", "~", "on", "1.10", "{slot}", "\x00", "é", "---\n", "?",
]  # fmt: skip


@st.composite
def edits(draw: st.DrawFn) -> tuple[str, str]:
    """One shipped file with a few random edits: scraps put in, stretches cut out, lines moved."""
    name = draw(st.sampled_from(FILES))
    text = (SHIPPED / name).read_text(encoding="utf-8")
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(text)))
        match draw(st.sampled_from(["put", "cut", "move"])):
            case "put":
                text = text[:at] + draw(st.sampled_from(SCRAPS) | st.text(max_size=6)) + text[at:]
            case "cut":
                text = text[:at] + text[at + draw(st.integers(1, 40)) :]
            case _:
                lines = text.splitlines(keepends=True)
                if lines:
                    lines.insert(draw(st.integers(0, len(lines))), lines.pop(draw(st.integers(0, len(lines) - 1))))
                text = "".join(lines)
    return name, text


def problems_of(name: str, text: str) -> tuple[Path, tuple[Problem, ...]]:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for shipped in (*FILES, "k8s/frontend.yml", "environments/testing.yml", "environments/development.yml"):
            (folder / shipped).parent.mkdir(exist_ok=True)
            (folder / shipped).write_bytes((SHIPPED / shipped).read_bytes())
        (folder / name).write_bytes(text.encode("utf-8", "surrogatepass"))
        config = ConfigFolder(folder)
        found = check(config)
        with suppress(ConfigError):
            load(config)
        return folder, found


@given(edits())
@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
def test_an_edited_file_gives_problems_with_a_place(edited: tuple[str, str]) -> None:
    folder, found = problems_of(*edited)
    for problem in found:
        assert problem.file.is_relative_to(folder)
        assert problem.line >= 1
        assert problem.column >= 1
        assert problem.message


@given(st.binary(max_size=60))
@settings(max_examples=60, deadline=None, derandomize=True)
def test_any_bytes_give_problems_or_settings(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "environments").mkdir()
        (folder / "environments" / "production.yml").write_bytes(data)
        assert check(ConfigFolder(folder))
