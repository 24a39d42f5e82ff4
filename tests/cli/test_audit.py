"""`bluegreen audit`: the chain of the journal or of an export, walked and told as text and as JSON, with an exit code."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from console.cli.main import run
from console.journal import open_journal
from tests.journal.drafts import closed, note, opened

SETTINGS = "environment: production\napplication: shop\ncluster: {context: c, namespace: shop}\ncomponents:\n  api: {image: shop/api}\n"


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Settings without a cluster, and a journal with one run of five entries."""
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "production.yml").write_text(SETTINGS)

    async def write() -> None:
        journal = await open_journal(tmp_path / "journal.db", "production")
        await journal.open_run(opened(), note(0, "Grüße"), note(0), note(0))
        await journal.append([closed(1)])
        await journal.close()

    asyncio.run(write())
    return ["--config", str(tmp_path), "--journal", str(tmp_path / "journal.db")]


def tamper(folder: Path, statement: str) -> None:
    with closing(sqlite3.connect(folder / "journal.db")) as other, other:
        other.execute(statement)


def head_of(folder: Path) -> str:
    with closing(sqlite3.connect(folder / "journal.db")) as other:
        (journal,) = other.execute("SELECT value FROM journal WHERE key = 'id'").fetchone()
        seq, digest = other.execute("SELECT seq, hash FROM entries ORDER BY seq DESC LIMIT 1").fetchone()
    return f"{journal}:{seq}:{digest}"


def test_an_unbroken_chain_is_said_with_what_it_was_compared_with(
    where: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*where, "audit", "verify"]) == 0
    said = capsys.readouterr().out
    assert "production: 5 entries, unbroken" in said
    assert "whether its end was cut off is not known: the cluster could not be asked for its anchor" in said
    assert run([*where, "audit", "verify", "--anchor", head_of(tmp_path)]) == 0
    assert capsys.readouterr().out.startswith("✔ production: 5 entries, unbroken, and the anchor in the cluster is among them\n")


@pytest.mark.parametrize(
    ("statement", "kind", "message"),
    [
        ("UPDATE entries SET actor = 'mallory' WHERE seq = 3", "edited", "entry 3 was changed after it was written"),
        ("UPDATE entries SET seq = 'three' WHERE seq = 3", "deleted", "entry 3 is missing"),
        ("UPDATE entries SET body = x'ff00' WHERE seq = 3", "edited", "entry 3 cannot be read and is not the last: it was changed"),
        ("DELETE FROM entries WHERE seq = 3", "deleted", "entry 3 is missing"),
        ("UPDATE entries SET body = substr(body, 1, 5) WHERE seq = 5", "torn", "entry 5 was written only in part"),
    ],
)
def test_a_broken_chain_is_told_with_its_place(
    where: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], statement: str, kind: str, message: str
) -> None:
    tamper(tmp_path, statement)
    assert run([*where, "audit", "verify"]) == 4
    assert message in capsys.readouterr().out
    assert run([*where, "--json", "audit", "verify"]) == 4
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert said["problems"][0]["kind"] == kind


def test_a_cut_tail_shows_against_the_anchor(where: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    anchor = head_of(tmp_path)
    tamper(tmp_path, "DELETE FROM entries WHERE seq > 3")
    assert run([*where, "audit", "verify", "--anchor", anchor]) == 4
    assert "the journal ends at entry 3, but entry 5 is anchored in the cluster: its end was cut off" in capsys.readouterr().out


def test_an_export_proves_itself_where_there_is_no_journal(where: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, anchor = tmp_path / "audit.jsonl", head_of(tmp_path)
    assert run([*where, "audit", "export", "-o", str(file)]) == 0
    assert capsys.readouterr().out == f"{file}: 5 entries, unbroken\n"
    assert run(["audit", "verify", str(file), "--anchor", anchor]) == 0
    capsys.readouterr()
    assert run([*where, "audit", "export"]) == 0
    assert capsys.readouterr().out == file.read_text()
    lines = file.read_text().splitlines()
    file.write_text("\n".join([*lines[:2], lines[2].replace("Grüße", "Gruss"), *lines[3:]]) + "\n")
    assert run(["--json", "audit", "verify", str(file)]) == 4
    assert [p["seq"] for p in json.loads(capsys.readouterr().out)["problems"]] == [2]


def test_a_broken_journal_is_exported_all_the_same(where: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tamper(tmp_path, "DELETE FROM entries WHERE seq = 3")
    assert run([*where, "audit", "export"]) == 4
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 5
    assert "the record is not what was written: entry 3 is missing" in said.err


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("", 1, "this is no JSON"),
        ("{}\n", 1, "this is no export of a journal"),
        ("[]\n", 1, "this is no JSON object"),
        ('{"format": "bluegreen journal, version 1"}\n{"seq": 1}\n', 2, "this is no entry of a journal"),
        ('{"format": "bluegreen journal, version 1"}\n' + "[" * 100_000, 2, "this is no JSON"),
    ],
)
def test_a_file_that_is_no_export_is_refused_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, line: int, message: str
) -> None:
    file = tmp_path / "other.jsonl"
    file.write_text(text)
    assert run(["audit", "verify", str(file)]) == 2
    assert f"{file}:{line}: {message}" in capsys.readouterr().err


def test_what_is_no_anchor_is_refused(where: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*where, "audit", "verify", "--anchor", "yesterday"]) == 2
    assert "'yesterday' is no anchor" in capsys.readouterr().err
    assert run(["audit", "verify", "/nowhere/file"]) == 2
    assert "cannot be read: No such file or directory" in capsys.readouterr().err
