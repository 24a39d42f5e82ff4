"""The user's own file: what it may say, and what is said of mistakes in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.app.keymap import binding_ids, key_rows
from console.app.preferences import Preferences
from console.app.preferences_file import read_preferences

KNOWN = ("overview.deploy", "overview.rollback", "console.quit")


def read(folder: Path, text: str) -> tuple[Preferences, list[str]]:
    (folder / "console.yml").write_text(text)
    found, problems = read_preferences(folder, known_keys=KNOWN)
    return found, [str(problem).removeprefix(f"{folder}/") for problem in problems]


def test_no_file_is_no_mistake(tmp_path: Path) -> None:
    assert read_preferences(tmp_path, known_keys=KNOWN) == (Preferences(), ())


def test_everything_that_can_be_said(tmp_path: Path) -> None:
    text = "theme: nord\nascii: true\nbell: false\nnotify: false\ntitle: false\nkeys:\n  overview.deploy: D, f5\n"
    assert read(tmp_path, text) == (Preferences("nord", True, False, False, False, {"overview.deploy": "D,f5"}), [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("theme: nrod\n", "console.yml:1:8: there is no theme 'nrod': did you mean 'nord'?"),
        ("keys:\n  overview.deplyo: D\n", "console.yml:2:3: there is no key 'overview.deplyo': did you mean 'overview.deploy'?"),
        ("keys:\n  overview.deploy: enter\n", "console.yml:2:20: enter means the same everywhere and cannot be given away"),
        ("keys:\n  overview.deploy: 'ctrl + d'\n", "console.yml:2:20: 'ctrl + d' is no key"),
        ("bell: yes\n", "console.yml:1:7: 'yes' is a word of old YAML for true: write true"),
        ("colour: red\n", "console.yml:1:1: unknown key 'colour'"),
        ("theme: [\n", "console.yml:2:1: "),
    ],
)
def test_a_mistake_is_said_with_its_place_and_the_rest_is_followed(tmp_path: Path, text: str, said: str) -> None:
    found, problems = read(tmp_path, text)
    assert len(problems) == 1
    assert problems[0].startswith(said)
    assert found == Preferences()


def test_every_action_of_every_screen_has_an_id_and_one_place_in_the_key_map() -> None:
    rows = key_rows()
    assert len({row.id for row in rows}) == len(rows)
    assert {"console.rollback", "overview.deploy", "overview.events", "run.stop", "list.filter", "list.down"} <= binding_ids()
    assert all(row.does and row.keys for row in rows)
