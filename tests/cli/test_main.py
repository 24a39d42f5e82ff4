"""The command line as a whole: what it lists, how it fails, what it leaves with."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from console.cli.main import COMMANDS, bluegreen, run
from console.cli.options import Options, common


@pytest.fixture(autouse=True)
def nobodys_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No folder of settings is found, whoever runs the tests."""
    for name in ("BLUEGREEN_CONFIG", "BLUEGREEN_ENV", "BLUEGREEN_JOURNAL", "BLUEGREEN_READ_ONLY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_loaded_and_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([name, "--help"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("Usage: bluegreen")
    assert isinstance(bluegreen.get_command(click.Context(bluegreen), name), click.Command)


def test_help_lists_what_operators_use_and_hides_the_runner(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"  {name} " in said for name, (_, text) in COMMANDS.items() if text)
    assert "  runner " not in said


def test_a_misspelt_command_is_answered_with_the_one_that_was_meant(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["rolback"]) == 2
    assert "Did you mean 'rollback'?" in capsys.readouterr().err


def test_without_settings_a_command_says_where_it_looked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(["status"]) == 2
    said = capsys.readouterr().err
    assert str(tmp_path / "config") in said
    assert "bluegreen sandbox" in said


def test_with_json_an_error_is_json_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "--json"]) == 2
    said = json.loads(capsys.readouterr().out)
    assert said["exit_code"] == 2
    assert "no settings were found" in said["error"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_completion(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", shell]) == 0
    assert "_BLUEGREEN_COMPLETE" in capsys.readouterr().out


def seen_by(arguments: list[str]) -> Options:
    """What a command is given."""
    found: list[Options] = []

    @click.command()
    @common
    def probe(options: Options) -> None:
        found.append(options)

    before, _, after = " ".join(arguments).partition("probe")
    context = bluegreen.make_context("bluegreen", [*before.split(), "status"])
    with context:
        bluegreen.invoke = lambda ctx: None  # type: ignore[method-assign]
        context.obj = Options().merged({k: v for k, v in context.params.items() if k in Options.__dataclass_fields__})
        probe.main(args=after.split(), standalone_mode=False, obj=context.obj)
    del bluegreen.invoke
    return found[0]


@pytest.mark.parametrize(
    "arguments",
    [["--env", "staging", "--read-only", "probe"], ["probe", "--env", "staging", "--read-only"], ["--read-only", "probe", "-e", "staging"]],
    ids=["before", "after", "both"],
)
def test_the_common_options_stand_before_or_after_the_commands_name(arguments: list[str]) -> None:
    assert seen_by(arguments) == Options(env="staging", read_only=True)


def test_what_is_said_last_wins() -> None:
    assert seen_by(["--env", "staging", "probe", "--env", "production"]).env == "production"


def test_a_child_process_is_given_the_same_options() -> None:
    options = Options(env="staging", config=Path("/c"), journal="j.db", read_only=True, as_json=True)
    assert options.arguments() == ["--env", "staging", "--config", "/c", "--journal", "j.db", "--read-only"]
