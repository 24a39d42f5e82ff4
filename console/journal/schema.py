"""The tables. `entries` is only ever inserted into; a torn last row is moved to `set_aside`, never thrown away."""

from __future__ import annotations

import sqlalchemy as sa

SCHEMA_VERSION = 1

metadata = sa.MetaData()

entries = sa.Table(
    "entries",
    metadata,
    sa.Column("environment", sa.Text, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("run", sa.Integer),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("prev", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
    sa.UniqueConstraint("environment", "seq"),
    sa.Index("entries_by_run", "environment", "run", "seq"),
    sa.Index("entries_by_type", "environment", "type", "seq"),
)

set_aside = sa.Table(
    "set_aside",
    metadata,
    sa.Column("environment", sa.Text, nullable=False),
    sa.Column("seq", sa.Integer, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("raw", sa.Text, nullable=False),
)

meta = sa.Table(
    "journal",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
"""`version`: of this schema; `id`: of this journal, so that an anchor left by another journal is not taken for a cut tail."""
