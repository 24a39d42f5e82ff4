"""Where settings are looked for, in which order, and what is said when there are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.domain.errors import UsageError
from console.settings import NotConfigured, find_config, shipped_folder


def folder(path: Path) -> Path:
    (path / "environments").mkdir(parents=True)
    (path / "environments" / "production.yml").write_text("environment: production\n")
    return path


def test_flag_then_variable_then_here_then_user(tmp_path: Path) -> None:
    flag, variable = folder(tmp_path / "flag"), folder(tmp_path / "variable")
    here, home = folder(tmp_path / "here" / "config").parent, tmp_path / "home"
    user = folder(home / ".config" / "bluegreen")
    environ = {"BLUEGREEN_CONFIG": str(variable), "HOME": str(home)}
    assert find_config(flag, environ, here=here).path == flag
    assert find_config(None, environ, here=here).path == variable
    assert find_config(None, {"HOME": str(home)}, here=here).path == here / "config"
    assert find_config(None, {"HOME": str(home)}, here=tmp_path).path == user


def test_xdg_names_the_user_folder(tmp_path: Path) -> None:
    user = folder(tmp_path / "xdg" / "bluegreen")
    found = find_config(None, {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}, here=tmp_path)
    assert (found.path, found.origin) == (user, "user")


def test_an_unrelated_config_folder_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    user = folder(tmp_path / "xdg" / "bluegreen")
    assert find_config(None, {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}, here=tmp_path).path == user


def test_nothing_found_says_where_it_looked_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(NotConfigured) as caught:
        find_config(None, {"HOME": str(tmp_path)}, here=tmp_path)
    assert caught.value.looked_at == (tmp_path / "config", tmp_path / ".config" / "bluegreen")
    for part in ("bluegreen sandbox", "bluegreen config init", "--config", str(tmp_path / "config")):
        assert part in str(caught.value)


def test_a_folder_asked_for_must_exist(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"--config names .*gone, which does not exist"):
        find_config(tmp_path / "gone", {})


def test_a_folder_asked_for_must_hold_environments(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"BLUEGREEN_CONFIG names .*, which holds no environments/\*\.yml"):
        find_config(None, {"BLUEGREEN_CONFIG": str(tmp_path)})


def test_a_file_instead_of_the_folder_gets_the_folder_named(tmp_path: Path) -> None:
    config = folder(tmp_path / "config")
    with pytest.raises(UsageError) as caught:
        find_config(config / "environments" / "production.yml", {})
    assert caught.value.hint == f"Name the folder: {config}"


def test_shipped_runbooks_are_used_unless_replaced(tmp_path: Path) -> None:
    config = folder(tmp_path / "config")
    (config / "runbooks").mkdir()
    own = config / "runbooks" / "rollback.yml"
    own.write_text("name: rollback\n")
    names = {file.stem: file for file in find_config(config, {}).runbooks()}
    assert names["rollback"] == own
    assert names["deploy"].parent == shipped_folder() / "runbooks"
