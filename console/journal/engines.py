"""The two databases behind the one code path: how a write takes its turn, how growth is noticed, what their errors mean."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from console.domain.errors import JournalError
from console.journal.errors import JournalDamaged, JournalUnavailable
from console.journal.schema import entries

WRITING = "journal_writes"
"""Execution option of a connection whose transaction must be alone."""
NO_ROOM = 64 * 1024
"""Bytes: the index that SQLite keeps beside its log needs 32 KiB; on a disk without them it says `disk I/O error`."""


def location_of(where: str | Path) -> sa.URL:
    """A path or a database URL as SQLAlchemy's URL; raises JournalError for a database we do not speak."""
    text = str(where)
    if "://" not in text:
        return sa.URL.create("sqlite", database=text)
    try:
        url = sa.make_url(text)
    except (sa.exc.ArgumentError, ValueError) as problem:
        raise JournalError("the journal's address cannot be read", hint="give a file or postgresql://user@host/database") from problem
    match url.get_backend_name():
        case "sqlite" if url.database:
            return url
        case "sqlite":
            raise JournalError("the journal's address names no file", hint="give a file or postgresql://user@host/database")
        case "postgresql":
            return url.set(drivername="postgresql+psycopg")
        case other:
            raise JournalError(f"a journal cannot live in {other}", hint="give a file or postgresql://user@host/database")


def create(url: sa.URL, *, environment: str, busy_timeout: float) -> sa.Engine:
    """An engine with one connection, for use in one thread. `busy_timeout`: seconds a write waits for its turn."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, busy_timeout)
    return _postgresql(url, environment, busy_timeout)


def growth(engine: sa.Engine, environment: str) -> int:
    """A number that differs once anybody else has appended. On SQLite it costs microseconds and reads no table."""
    if engine.dialect.name == "sqlite":
        raw = engine.raw_connection()
        try:
            return int(raw.execute("PRAGMA data_version").fetchone()[0])
        finally:
            raw.close()
    newest = sa.select(sa.func.coalesce(sa.func.max(entries.c.seq), 0)).where(entries.c.environment == environment)
    with engine.connect() as connection:
        return int(connection.execute(newest).scalar_one())


@contextmanager
def named_errors(url: sa.URL) -> Iterator[None]:
    """Turns what the database says into a sentence with the way out."""
    try:
        yield
    except sa.exc.DBAPIError as problem:
        raise _named(problem.orig, url) from problem
    except sqlite3.Error as problem:
        raise _named_sqlite(problem, shown(url)) from problem
    except sa.exc.SQLAlchemyError as problem:
        raise JournalUnavailable(f"the journal {shown(url)} failed: {problem}") from problem


def shown(url: sa.URL) -> str:
    """The address without its password."""
    return str(url.database) if url.get_backend_name() == "sqlite" else url.render_as_string(hide_password=True)


def _sqlite(url: sa.URL, busy_timeout: float) -> sa.Engine:
    folder = Path(str(url.database)).parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise JournalUnavailable(
            f"the journal's folder {folder} cannot be made: {problem.strerror}", hint="give another with --journal"
        ) from problem
    file = Path(str(url.database))
    engine = sa.create_engine(url, pool_size=1, max_overflow=0, creator=lambda: _opened_file(file, busy_timeout))

    @sa.event.listens_for(engine, "connect")
    def _configure(_connection: object, record: Any) -> None:
        record.info["file"] = _identity(file)

    @sa.event.listens_for(engine, "checkout")
    def _opened_anew(connection: object, record: Any, _proxy: object) -> None:
        if isinstance(connection, _Sealed) and record.info.pop("read", False):
            raise sa.exc.DisconnectionError("it may be written again by now")  # the pool opens another one
        record.info["read"] = True

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get(WRITING)
        if writes and connection.info.get("file") != _identity(file):
            raise JournalUnavailable(
                f"the journal {file} was deleted or moved while it was open", hint="put it back, or give another with --journal"
            )
        # A deferred transaction would read the head, lose its turn, and fork the chain.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


class _Sealed(sqlite3.Connection):
    """Reads a file that nobody can write; good for one reading, because SQLite looks for no changes on it."""


def _opened_file(file: Path, busy_timeout: float) -> sqlite3.Connection:
    """A connection whose transactions we begin ourselves. A file that nobody can write any more is still read."""
    connection = sqlite3.connect(file, timeout=busy_timeout, check_same_thread=False, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.OperationalError as problem:
        connection.close()
        if not _sealed(file, problem):
            raise
        address = f"{file.absolute().as_uri()}?immutable=1"
        return sqlite3.connect(address, uri=True, check_same_thread=False, isolation_level=None, factory=_Sealed)
    return connection


def _sealed(file: Path, problem: sqlite3.Error) -> bool:
    """Its folder is read-only or its disk full, and it is whole: no writer left entries beside it that would have to be read with it."""
    beside = file.with_name(file.name + "-wal")
    locked_up = _code(problem) in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN) or _is_full(problem, file.parent)
    try:
        return locked_up and file.is_file() and not (beside.exists() and beside.stat().st_size)
    except OSError:
        return False


def _identity(file: Path) -> tuple[int, int] | None:
    """Which file has this name now; None when none has."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _postgresql(url: sa.URL, environment: str, busy_timeout: float) -> sa.Engine:
    key = int.from_bytes(hashlib.sha256(f"bluegreen:{environment}".encode()).digest()[:8], "big", signed=True)
    milliseconds = int(busy_timeout * 1000)
    try:
        engine = sa.create_engine(
            url,
            pool_size=1,
            max_overflow=0,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 5, "application_name": "bluegreen:journal"},
        )
    except ModuleNotFoundError as problem:
        raise JournalError("a journal in PostgreSQL needs psycopg", hint="install bluegreen[postgres]") from problem

    @sa.event.listens_for(engine, "begin")
    def _begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get(WRITING):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {milliseconds}")
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({key})")

    return engine


def _named(problem: object, url: sa.URL) -> JournalError:
    where = shown(url)
    if isinstance(problem, sqlite3.Error):
        return _named_sqlite(problem, where)
    state = getattr(problem, "sqlstate", None)
    if state == "55P03":
        return JournalUnavailable(f"the journal {where} is locked by another writer", hint="try again; somebody is appending for long")
    if state == "53100":
        return JournalUnavailable(f"the disk of the journal {where} is full", hint="make room on the database server")
    return JournalUnavailable(f"the journal {where} does not answer: {str(problem).strip()}", hint="check the address given with --journal")


def _named_sqlite(problem: sqlite3.Error, where: str) -> JournalError:
    match _code(problem):
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return JournalUnavailable(f"the journal {where} is locked by another program", hint="find it with `fuser` and end it, or wait")
        case _ if _is_full(problem, Path(where).parent):
            return JournalUnavailable(f"the disk of the journal {where} is full", hint="make room, or give another place with --journal")
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return JournalUnavailable(
                f"the journal {where} cannot be written ({problem})", hint="check its folder's rights, or give another with --journal"
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return JournalDamaged(f"the journal {where} is damaged ({problem})", hint="keep the file, and start a new one with --journal")
        case _:
            return JournalUnavailable(f"the journal {where} failed: {problem}", hint="check its disk and folder")


def _is_full(problem: sqlite3.Error, folder: Path) -> bool:
    """SQLite says so, or it has no room for the files that it keeps beside, which it tells in other words."""
    try:
        no_room = os.access(folder, os.W_OK) and shutil.disk_usage(folder).free < NO_ROOM
    except OSError:
        no_room = False
    code = _code(problem)
    return code == sqlite3.SQLITE_FULL or (no_room and code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY))


def _code(problem: sqlite3.Error) -> int:
    """SQLite's result code without its extension."""
    return (getattr(problem, "sqlite_errorcode", 0) or 0) & 0xFF
