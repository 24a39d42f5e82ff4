"""Whether a run may end with its login is said before it starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.engine.scope import ends_with_login, in_scope


def test_a_container_is_named(tmp_path: Path) -> None:
    (tmp_path / ".dockerenv").touch()
    assert "container" in ends_with_login("alice", marks=[tmp_path / ".dockerenv"], settings=[])


def test_a_login_manager_that_kills_is_named_unless_the_user_lingers(tmp_path: Path) -> None:
    (tmp_path / "logind.conf").write_text("[Login]\nKillUserProcesses=no\n")
    (tmp_path / "logind.conf.d").mkdir()
    (tmp_path / "logind.conf.d" / "strict.conf").write_text("[Login]\nKillUserProcesses=yes\n")
    settings = [tmp_path / "logind.conf", tmp_path / "logind.conf.d", tmp_path / "missing"]
    assert "loginctl enable-linger alice" in ends_with_login("alice", marks=[], settings=settings, linger=tmp_path)
    assert ends_with_login("alice", marks=[], settings=settings[:1], linger=tmp_path) == ""
    (tmp_path / "alice").touch()
    assert ends_with_login("alice", marks=[], settings=settings, linger=tmp_path) == ""


def test_a_scope_is_used_where_there_is_a_user_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "systemd-run").write_text("#!/bin/sh\n")
    (tmp_path / "systemd-run").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    assert in_scope(["bluegreen"]) == ("bluegreen",)
    (tmp_path / "bus").touch()
    assert in_scope(["bluegreen"]) == (str(tmp_path / "systemd-run"), "--user", "--scope", "--quiet", "--collect", "bluegreen")
