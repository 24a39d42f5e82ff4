"""Statements on the tables: synchronous, each inside the caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from uuid import uuid4

import sqlalchemy as sa

from console.domain.change import canonical_json
from console.domain.entry import Draft, EntryType
from console.domain.ids import Epoch, RunId
from console.journal.chain import Head, Row, link
from console.journal.errors import JournalDamaged, JournalVersion, Overtaken, RunIsOpen
from console.journal.schema import SCHEMA_VERSION, entries, meta, metadata, set_aside

_COLUMNS = tuple(c.name for c in entries.columns)


def known_id(connection: sa.Connection) -> str:
    """The id of a journal that is there, by reading alone; empty where none is. Raises JournalVersion for a schema that is not ours."""
    if not sa.inspect(connection).has_table(meta.name):
        return ""
    found = {str(row.key): str(row.value) for row in connection.execute(sa.select(meta))}
    if not found:
        return ""
    if found.get("version") != str(SCHEMA_VERSION):
        raise JournalVersion(
            f"the journal has schema version {found.get('version')}, this bluegreen writes version {SCHEMA_VERSION}",
            hint="use the bluegreen that wrote it, or give another place with --journal",
        )
    return found["id"]


def prepare(connection: sa.Connection) -> str:
    """Create what is missing and return the journal's id; raises JournalVersion for a schema that is not ours."""
    metadata.create_all(connection)
    if known := known_id(connection):
        return known
    made = {"version": str(SCHEMA_VERSION), "id": uuid4().hex}
    connection.execute(sa.insert(meta), [{"key": k, "value": v} for k, v in made.items()])
    return made["id"]


def tip(connection: sa.Connection, environment: str) -> Row | None:
    """The newest row, whatever state it is in."""
    newest = sa.select(entries).where(entries.c.environment == environment).order_by(entries.c.seq.desc()).limit(1)
    found = connection.execute(newest).one_or_none()
    return Row(*found) if found is not None else None


def head(connection: sa.Connection, environment: str) -> Head:
    newest = tip(connection, environment)
    return Head(newest.seq, newest.hash) if newest else Head()


def trusted_head(connection: sa.Connection, environment: str, at: datetime) -> Head:
    """The head to append to. A torn last row is set aside and that is noted; one that was edited stops everything."""
    newest = tip(connection, environment)
    if newest is None:
        return Head()
    if newest.torn:
        return _mend(connection, newest, at)
    if newest.digest != newest.hash:
        raise JournalDamaged(
            f"the last entry of the journal ({newest.seq}) was changed after it was written",
            hint="`bluegreen audit verify` shows where; keep the file and start a new journal with --journal",
        )
    return Head(newest.seq, newest.hash)


def append(connection: sa.Connection, drafts: Iterable[Draft], *, environment: str, after: Head, at: datetime) -> list[Row]:
    """Link and insert `drafts` after the head."""
    rows: list[Row] = []
    for draft in drafts:
        row = link(draft, environment=environment, head=after, at=at)
        rows.append(row)
        after = Head(row.seq, row.hash)
    connection.execute(sa.insert(entries), [row.as_dict() for row in rows])
    return rows


def next_run(connection: sa.Connection, environment: str) -> RunId:
    newest = sa.select(sa.func.coalesce(sa.func.max(entries.c.run), 0)).where(entries.c.environment == environment)
    return RunId(int(connection.execute(newest).scalar_one()) + 1)


def refuse_second_run(connection: sa.Connection, environment: str) -> None:
    """Raises RunIsOpen when a run has been opened and not closed."""
    unfinished = open_runs(connection, environment)
    if unfinished:
        first = select_rows(connection, environment, run=unfinished[0], limit=1)[0]
        raise RunIsOpen(unfinished[0], str(json.loads(first.body).get("runbook", "")))


def refuse_overtaken(connection: sa.Connection, environment: str, run: RunId | None, epoch: Epoch) -> None:
    """Raises Overtaken when a driver with a greater epoch has claimed the run: its records shall not mix with those of an earlier one."""
    claims = (
        sa.select(entries.c.actor, entries.c.body)
        .where(entries.c.environment == environment, entries.c.run == run, entries.c.type == "run.claimed")
        .order_by(entries.c.seq.desc())
        .limit(1)
    )
    newest = connection.execute(claims).first()
    if newest is None:
        return
    body = json.loads(newest.body)
    if int(body.get("epoch", 0)) > epoch:
        raise Overtaken(f"run {run} is driven by {newest.actor}@{body.get('host', '?')} now (epoch {body['epoch']}, ours is {epoch})")


def open_runs(connection: sa.Connection, environment: str) -> list[RunId]:
    """Runs that have not ended, oldest first."""
    closed = sa.select(entries.c.run).where(entries.c.environment == environment, entries.c.type == "run.closed")
    opened = sa.select(entries.c.run).where(
        entries.c.environment == environment, entries.c.type == "run.opened", entries.c.run.not_in(closed)
    )
    found = {RunId(int(r)) for r in connection.execute(opened).scalars()}
    return sorted(found | _reopened(connection, environment))


def _reopened(connection: sa.Connection, environment: str) -> set[RunId]:
    """Runs that ended, were let go on by a person, and have not ended again."""
    turns = (
        sa.select(entries.c.run, entries.c.type)
        .where(entries.c.environment == environment, entries.c.type.in_(("run.reopened", "run.closed")))
        .order_by(entries.c.seq)
    )
    if not connection.execute(turns.where(entries.c.type == "run.reopened").limit(1)).first():
        return set()
    newest = {RunId(int(row.run)): str(row.type) for row in connection.execute(turns)}
    return {run for run, kind in newest.items() if kind == "run.reopened"}


def newest_runs(connection: sa.Connection, environment: str, limit: int, *, before: RunId | None = None) -> list[RunId]:
    """The newest runs, or the newest of those that were opened before one."""
    query = sa.select(entries.c.run).where(entries.c.environment == environment, entries.c.type == "run.opened")
    if before is not None:
        query = query.where(entries.c.run < before)
    newest = query.order_by(entries.c.seq.desc()).limit(limit)
    return [RunId(int(r)) for r in connection.execute(newest).scalars()]


def select_rows(
    connection: sa.Connection,
    environment: str,
    *,
    run: RunId | None = None,
    runs: Sequence[RunId] = (),
    types: Sequence[EntryType] = (),
    after: int = 0,
    limit: int | None = None,
) -> list[Row]:
    """Rows in order of sequence, of one run, of several, or of all; of some types or of all."""
    query = sa.select(entries).where(entries.c.environment == environment, entries.c.seq > after).order_by(entries.c.seq)
    if run is not None:
        query = query.where(entries.c.run == run)
    if runs:
        query = query.where(entries.c.run.in_(runs))
    if types:
        query = query.where(entries.c.type.in_(types))
    return [Row(*found) for found in connection.execute(query.limit(limit))]


def every_row(connection: sa.Connection, environment: str) -> Iterator[Row]:
    """The whole chain, read in pieces."""
    query = sa.select(entries).where(entries.c.environment == environment).order_by(entries.c.seq)
    for part in connection.execution_options(yield_per=1000).execute(query).partitions():
        yield from (Row(*found) for found in part)


def _mend(connection: sa.Connection, torn: Row, at: datetime) -> Head:
    raw = canonical_json(dict(zip(_COLUMNS, (getattr(torn, c) for c in _COLUMNS), strict=True)))
    connection.execute(sa.insert(set_aside).values(environment=torn.environment, seq=torn.seq, at=at.isoformat(), raw=raw))
    connection.execute(sa.delete(entries).where(entries.c.environment == torn.environment, entries.c.seq == torn.seq))
    before = trusted_head(connection, torn.environment, at)
    note = Draft("journal.mended", None, "bluegreen", {"dropped": raw})
    last = append(connection, [note], environment=torn.environment, after=before, at=at)[-1]
    return Head(last.seq, last.hash)
