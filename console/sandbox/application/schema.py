"""The trading service's first schema, stamped the way Alembic stamps it, so that later migrations find their starting point."""

from __future__ import annotations

import psycopg

REVISION = "0001_quotes_and_orders"

SCHEMA = """
CREATE TABLE IF NOT EXISTS alembic_version (version_num varchar(32) PRIMARY KEY);
CREATE TABLE IF NOT EXISTS quotes (
    symbol text PRIMARY KEY,
    price numeric(18, 2) NOT NULL CHECK (price > 0)
);
CREATE TABLE IF NOT EXISTS orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    symbol text NOT NULL REFERENCES quotes,
    quantity integer NOT NULL CHECK (quantity <> 0),
    price numeric(18, 2) NOT NULL,
    release text NOT NULL,
    placed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO quotes VALUES ('BTC-USD', 64250.00), ('ETH-USD', 3120.50), ('SOL-USD', 148.25) ON CONFLICT DO NOTHING;
"""


async def create_schema(url: str) -> None:
    """Create what is missing, fill in the traded symbols and stamp the revision; nothing happens to a schema that is there."""
    async with await psycopg.AsyncConnection.connect(url) as connection:
        await connection.execute(SCHEMA.encode())
        await connection.execute("INSERT INTO alembic_version SELECT %s WHERE NOT EXISTS (SELECT FROM alembic_version)", (REVISION,))
