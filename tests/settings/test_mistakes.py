"""What is said about settings that cannot be used: file, line, column, what is wrong, what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.settings import ConfigError, ConfigFolder, check, load
from tests.settings.cases import HERE, Case, cases

CASES = cases(HERE / "mistakes")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_says(case: Case, tmp_path: Path) -> None:
    case.write(tmp_path)
    said = "\n".join(str(problem) for problem in check(ConfigFolder(tmp_path)))
    assert said.replace(f"{tmp_path}/", "").replace(str(tmp_path), "the folder") + "\n" == case.expected


def test_there_are_cases() -> None:
    assert len(CASES) > 80


def test_bytes_that_are_no_utf8_are_placed(tmp_path: Path) -> None:
    file = tmp_path / "environments" / "production.yml"
    file.parent.mkdir()
    file.write_bytes("environment: production\napplication: trädér\n".encode("latin-1"))
    (problem,) = check(ConfigFolder(tmp_path))
    assert (problem.file, problem.line, problem.column) == (file, 2, 16)
    assert problem.message == "byte 0xe4 is not UTF-8"
    assert problem.hint == "save the file as UTF-8"


def test_a_time_zone_that_does_not_exist(tmp_path: Path) -> None:
    file = tmp_path / "environments" / "production.yml"
    file.parent.mkdir()
    file.write_text(
        "environment: production\napplication: shop\ncluster: {context: a, namespace: b, time_zone: Europe/Zurch}\n"
        "components:\n  api: {image: shop/api}\n"
    )
    (problem,) = check(ConfigFolder(tmp_path))
    assert (problem.line, problem.message) == (3, "'Europe/Zurch' is no time zone of this machine")


def test_a_folder_without_environments(tmp_path: Path) -> None:
    (problem,) = check(ConfigFolder(tmp_path))
    assert problem.message == "there is no environment"


def test_load_raises_with_all_mistakes_of_all_files(tmp_path: Path) -> None:
    case = next(c for c in CASES if c.name == "mistakes in two files")
    case.write(tmp_path)
    with pytest.raises(ConfigError) as caught:
        load(ConfigFolder(tmp_path))
    assert [p.file.name for p in caught.value.problems] == ["production.yml", "staging.yml"]
    assert caught.value.exit_code == 2
    assert str(caught.value).startswith("2 mistakes in the settings\n")
