"""`bluegreen audit verify|export`: is the record what was written, and a copy of it that proves itself."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli.options import Options, common
from console.cli.output import print_json, print_lines
from console.cli.parts import Site, connection_to, journal_of, site_of
from console.domain.errors import BluegreenError, NeedsOperator, UsageError
from console.domain.views.lines import Line, marked, span
from console.domain.views.marks import Mark

if TYPE_CHECKING:
    from console.journal.verify import Verification


@dataclass(frozen=True)
class Audit:
    """A verdict, and against what it was reached."""

    where: str
    """Journal or file."""
    environment: str
    verdict: Verification
    anchor: str
    """Text of the anchor that it was compared with; empty where there was none."""
    note: str = ""
    """Why there was none."""


@click.group()
def audit() -> None:
    """Prove that the record of runs is what was written, or copy it out."""


@audit.command()
@click.argument("file", type=click.Path(path_type=Path), required=False, metavar="[FILE]")
@click.option("--anchor", default="", metavar="TEXT", help="A head that was kept elsewhere (default: the one in the cluster's Lease).")
@common
def verify(options: Options, file: Path | None, anchor: str) -> None:
    """Walk the whole chain of the journal, or of an exported FILE, and compare it with the anchor that the last driver left in the cluster.

    \b
      bluegreen audit verify
      bluegreen audit verify audit.jsonl --anchor 9f31…:412:77ab…

    An edited or deleted entry breaks the chain. A tail that was cut off shows against the anchor only: without a cluster that can be read,
    and without --anchor, that is said.

    Leaves with 0 when the chain is unbroken, with 4 when it is not, with 2 when it cannot be read.
    """
    _refuse_nonsense(anchor)
    found = _of_file(file, anchor) if file else asyncio.run(_of_journal(site_of(options), anchor))
    if options.as_json:
        print_json(_as_json(found))
    else:
        print_lines(_lines(found), options)
    click.get_current_context().exit(0 if found.verdict.ok else NeedsOperator.exit_code)


@audit.command()
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE", help="Write there instead of to standard output.")
@common
def export(options: Options, output: Path | None) -> None:
    """Print the record as JSON lines that carry their chain: `bluegreen audit verify FILE` proves them anywhere.

    \b
      bluegreen audit export -o audit.jsonl

    Each line's hash is the sha256 of its `prev` and of the JSON list [environment, seq, run, type, at, actor, body], written without
    spaces. Leaves with 0; with 4 when the chain is broken: everything is exported all the same.
    """
    verdict = asyncio.run(_exported(site_of(options), output))
    if not verdict.ok:
        print(f"bluegreen: the record is not what was written: {verdict.sentence}", file=sys.stderr)
    elif output and not options.as_json:
        click.echo(f"{output}: {verdict.sentence}")
    click.get_current_context().exit(0 if verdict.ok else NeedsOperator.exit_code)


def _refuse_nonsense(anchor: str) -> None:
    from console.journal.verify import Anchor

    if anchor and Anchor.parse(anchor) is None:
        raise UsageError(f"{anchor!r} is no anchor", hint="It looks like JOURNAL:NUMBER:HASH, as a report or the Lease has it")


async def _of_journal(site: Site, given: str) -> Audit:
    async with journal_of(site) as journal:
        anchor, note = (given, "") if given else await _anchor_in_cluster(site)
        return Audit(journal.location, journal.environment, await journal.verify(anchor), anchor, note)


def _of_file(file: Path, anchor: str) -> Audit:
    from console.journal.export import verify_export

    source, verdict = verify_export(file, anchor)
    return Audit(str(file), source.environment, verdict, anchor, "" if anchor else "no --anchor was given")


async def _anchor_in_cluster(site: Site) -> tuple[str, str]:
    """The anchor in the Lease, or why there is none."""
    from console.engine.lease import lease_name

    try:
        async with connection_to(site) as connection:
            lease = await connection.cluster.lease(lease_name(site.environment.application))
    except BluegreenError as problem:
        return "", f"the cluster could not be asked for its anchor: {problem}"
    return (lease.anchor, "") if lease and lease.anchor else ("", "nobody has left an anchor in the cluster yet")


async def _exported(site: Site, output: Path | None) -> Verification:
    from console.journal.export import Source, export_lines

    async with journal_of(site) as journal:
        verdict = await journal.verify()
        lines = export_lines(Source(journal.id, journal.environment), await journal.rows())
        if output is None:
            for line in lines:
                print(line)
            return verdict
        try:
            await asyncio.to_thread(output.write_text, "".join(f"{line}\n" for line in lines), encoding="utf-8")
        except OSError as problem:
            with suppress(OSError):
                output.unlink(missing_ok=True)
            raise UsageError(f"{output} cannot be written: {problem.strerror}") from problem
        return verdict


def _lines(found: Audit) -> list[Line]:
    verdict = found.verdict
    lines = [marked(Mark.DONE, f"{found.environment}: {verdict.sentence}") if verdict.ok else _broken(found)]
    lines += [marked(Mark.BROKEN, problem.message) for problem in verdict.problems]
    if not verdict.anchored and not any(p.seq and p.kind == "cut" for p in verdict.problems):
        lines.append(marked(Mark.UNKNOWN, f"whether its end was cut off is not known: {found.note or 'the anchor is of another journal'}"))
    return [*lines, (span(found.where, "dim"),)]


def _broken(found: Audit) -> Line:
    count = len(found.verdict.problems)
    places = "1 place" if count == 1 else f"{count} places"
    return marked(Mark.BROKEN, f"{found.environment}: {found.verdict.entries} entries, not what was written in {places}")


def _as_json(found: Audit) -> dict[str, object]:
    verdict = found.verdict
    return {
        "where": found.where,
        "environment": found.environment,
        "ok": verdict.ok,
        "entries": verdict.entries,
        "head": verdict.head,
        "anchor": found.anchor or None,
        "anchored": verdict.anchored,
        "note": found.note,
        "problems": verdict.problems,
    }
