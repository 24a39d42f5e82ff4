"""The backend's PostgreSQL: a small pool of connections, and the queries of the trading service."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import psycopg
from psycopg.rows import class_row, tuple_row

CONNECT_SECONDS = 2
WAIT_SECONDS = 5.0
"""How long a request waits for a free connection before it fails."""

Connection = psycopg.AsyncConnection[tuple[object, ...]]


class DatabaseUnavailable(Exception):
    """The database cannot be used now; the message says why, without credentials."""


@dataclass(frozen=True)
class Quote:
    """The last price of one symbol."""

    symbol: str
    price: Decimal


@dataclass(frozen=True)
class Order:
    """One accepted order."""

    id: int
    symbol: str
    quantity: int
    release: str
    """Release that accepted it."""


class Pool:
    """At most `size` connections, opened when first needed; a broken one is thrown away and replaced by the next request."""

    def __init__(self, url: str, *, size: int, application_name: str) -> None:
        self._url = url
        self._name = application_name
        self._permits = asyncio.Semaphore(size)
        self._idle: list[Connection] = []
        self.lost = False
        """Set while a fault switch says that the database is lost."""

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """One connection in a transaction of its own; DatabaseUnavailable when there is none to be had."""
        if self.lost:
            raise DatabaseUnavailable("connection to the database is lost")
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                await self._permits.acquire()
        except TimeoutError:
            raise DatabaseUnavailable(f"no free connection within {WAIT_SECONDS:g} s") from None
        try:
            async with self._opened() as connection, connection.transaction():
                yield connection
        except psycopg.OperationalError as error:
            raise DatabaseUnavailable(str(error).strip().splitlines()[0]) from error
        finally:
            self._permits.release()

    @contextlib.asynccontextmanager
    async def _opened(self) -> AsyncIterator[Connection]:
        connection = self._idle.pop() if self._idle else await self._connect()
        try:
            yield connection
        except BaseException:
            await connection.close()
            raise
        self._idle.append(connection)

    async def _connect(self) -> Connection:
        return await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, connect_timeout=CONNECT_SECONDS, application_name=self._name, row_factory=tuple_row
        )

    async def close(self) -> None:
        """Close the idle connections; those in use are closed by their requests' end with the process."""
        while self._idle:
            await self._idle.pop().close()


async def quotes(pool: Pool) -> Sequence[Quote]:
    """All symbols, in order, with their last price."""
    async with pool.connection() as connection, connection.cursor(row_factory=class_row(Quote)) as cursor:
        await cursor.execute("SELECT symbol, price FROM quotes ORDER BY symbol")
        return await cursor.fetchall()


async def orders(pool: Pool, *, limit: int = 50) -> Sequence[Order]:
    """The newest orders first."""
    async with pool.connection() as connection, connection.cursor(row_factory=class_row(Order)) as cursor:
        await cursor.execute("SELECT id, symbol, quantity, release FROM orders ORDER BY id DESC LIMIT %s", (limit,))
        return await cursor.fetchall()


async def place_order(pool: Pool, *, symbol: str, quantity: int, release: str) -> Order | None:
    """Accept an order at the last price, which moves a little; None when the symbol is not traded."""
    async with pool.connection() as connection, connection.cursor(row_factory=class_row(Order)) as cursor:
        await cursor.execute("UPDATE quotes SET price = greatest(price + sign(%s) * 0.01, 0.01) WHERE symbol = %s", (quantity, symbol))
        if cursor.rowcount == 0:
            return None
        await cursor.execute(
            "INSERT INTO orders (symbol, quantity, price, release) SELECT symbol, %s, price, %s FROM quotes WHERE symbol = %s"
            " RETURNING id, symbol, quantity, release",
            (quantity, release, symbol),
        )
        return await cursor.fetchone()


async def migration_revision(pool: Pool) -> tuple[str, float]:
    """The schema's Alembic revision (empty when none is stamped) and the seconds it took to ask."""
    started = time.perf_counter()
    async with pool.connection() as connection, connection.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute("SELECT version_num FROM alembic_version")
        row = await cursor.fetchone()
    return ("" if row is None else str(row[0])), time.perf_counter() - started
