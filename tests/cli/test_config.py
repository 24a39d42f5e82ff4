"""`bluegreen config`: a mistake is told with its place, a first file is one that can be used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.cli.main import run


def settings(folder: Path, text: str) -> list[str]:
    (folder / "environments").mkdir()
    (folder / "environments" / "production.yml").write_text(text)
    return ["--config", str(folder)]


@pytest.mark.parametrize("kind", [[], ["--manifests"]], ids=["adopted", "manifests"])
def test_the_example_is_read_back_without_a_mistake_of_its_own(kind: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "init", *kind]) == 0
    where = settings(tmp_path, capsys.readouterr().out)
    code = run([*where, "config", "check"])
    said = capsys.readouterr().out
    wrong = [line for line in said.splitlines() if ": warning: " not in line and ".yml:" in line]
    assert all("k8s/api.yml" in line for line in wrong), said
    assert code == (2 if wrong else 0)


def test_a_mistake_is_told_with_file_line_and_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = settings(
        tmp_path, "environment: production\naplication: shop\ncluster: {context: c, namespace: shop}\ncomponents:\n  a: {image: a}\n"
    )
    assert run([*where, "config", "check"]) == 2
    assert f"{tmp_path}/environments/production.yml:2:1: unknown key 'aplication'" in capsys.readouterr().out


def test_as_json_every_mistake_is_an_object(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = settings(tmp_path, "environment: production\napplication: shop\nx: 1\n")
    assert run([*where, "config", "check", "--json"]) == 2
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert {"line", "column", "message", "hint", "severity", "file"} <= set(said["problems"][0])


def test_the_shipped_settings_and_runbooks_are_without_mistakes(capsys: pytest.CaptureFixture[str]) -> None:
    from console.settings import shipped_folder

    assert run(["--config", str(shipped_folder()), "config", "check"]) == 0, capsys.readouterr().out


def test_the_folder_in_use_is_named_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    where = settings(tmp_path, "environment: production\n")
    assert run([*where, "config", "path"]) == 0
    assert capsys.readouterr().out == f"{tmp_path} (flag)\n"
