"""`bluegreen sandbox`: the rehearsal. Starts it, deploys a first release, opens the console on it or rehearses without a screen."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

import click

from console.cli.options import Options, common
from console.cli.output import print_json
from console.domain.errors import BluegreenError, UsageError

READY_WITHIN = 90.0
STOP_WITHIN = 15.0
FIRST_RELEASE = "v1.4.2"
NEXT_RELEASE = "v1.5.0"


@dataclass(frozen=True)
class Rehearsal:
    """A rehearsal that runs."""

    folder: Path
    config: Path
    server: str

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    def options(self, options: Options) -> Options:
        return replace(options, config=self.config, journal=str(self.journal), env="rehearsal")


@click.group(invoke_without_command=True)
@click.option("--real", is_flag=True, help="Use a real control plane: etcd, kube-apiserver, kube-controller-manager.")
@click.option(
    "--binaries", type=click.Path(path_type=Path), metavar="FOLDER", help="Where those are (default: KUBEBUILDER_ASSETS, the cache, PATH)."
)
@click.option("--headless", is_flag=True, help="Rehearse without a screen: deploy, switch, roll back (the default without a terminal).")
@click.option("--empty", is_flag=True, help="Deploy nothing: begin with an empty namespace.")
@click.option(
    "--rate", type=float, default=30.0, show_default=True, metavar="N", help="Requests a second of the load generator; 0 for none."
)
@click.pass_context
def sandbox(context: click.Context, real: bool, binaries: Path | None, headless: bool, empty: bool, rate: float) -> None:
    """Start a rehearsal cluster on this machine and open the console on it.

    Everything in it is real but small: an API server, nodes that run each pod as a process of the example application, a service proxy,
    PostgreSQL, metrics, load. Nothing outside this machine is touched, and all of it ends with the console.

    \b
    Releases to deploy: v1.4.1 v1.4.2 v1.5.0 v1.5.1, and v1.6.0-errors -slow -crash -unready, which go wrong.
    From another terminal: `bluegreen sandbox fault …` and `eval "$(bluegreen sandbox env)"`, then any command.
    """
    if context.invoked_subcommand:
        return
    options = context.obj if isinstance(context.obj, Options) else Options()
    where = _binaries(binaries) if real or binaries else None
    with _running(where, rate) as rehearsal:
        given = rehearsal.options(options)
        if headless or not (sys.stdin.isatty() and sys.stdout.isatty()):
            context.exit(_headless(given, rehearsal))
        if not empty:
            _begin(given)
        from console.cli.console import open_console

        open_console(given)


@sandbox.command()
@click.argument("words", nargs=-1, required=True)
@common
def fault(options: Options, words: tuple[str, ...]) -> None:
    """Switch a fault of the running rehearsal on or off.

    \b
      crash SLOT          errors SLOT SHARE     slow SLOT SECONDS      unready SLOT
      heal SLOT           database stop|start   api up|refused|hung    credentials expire|renew
      release TAG         load
    """
    answer = asyncio.run(_tell(_current() / "control.sock", " ".join(words)))
    if options.as_json:
        print_json(answer)
    else:
        click.echo(answer["said"], err=not answer["ok"])
    click.get_current_context().exit(0 if answer["ok"] else 2)


@sandbox.command()
def env() -> None:
    """Print the variables that point other commands at the running rehearsal."""
    folder = _current()
    click.echo(f"export BLUEGREEN_CONFIG={folder / 'config'} BLUEGREEN_JOURNAL={folder / 'journal.db'} BLUEGREEN_ENV=rehearsal")


def _root() -> Path:
    """Where rehearsals keep their files: the user's cache, or a short temporary folder where a socket's path would be too long."""
    import platformdirs

    wanted = Path(platformdirs.user_cache_path("bluegreen")) / "sandbox"
    return wanted if len(str(wanted)) < 60 else Path(tempfile.gettempdir()) / f"bluegreen-sandbox-{os.getuid()}"


def _current() -> Path:
    """Folder of the rehearsal that was started last and still runs."""
    found = [f for f in sorted(_root().glob("r-*"), key=lambda f: f.stat().st_mtime, reverse=True) if (f / "control.sock").exists()]
    if not found:
        raise UsageError("no rehearsal runs", hint="Start one with `bluegreen sandbox`")
    return found[0]


async def _tell(socket: Path, words: str) -> dict[str, object]:
    try:
        reader, writer = await asyncio.open_unix_connection(socket)
    except OSError as problem:
        raise UsageError(f"the rehearsal does not answer at {socket}: {problem.strerror or problem}") from problem
    writer.write(words.encode() + b"\n")
    answer = json.loads(await reader.readline() or b'{"ok": false, "said": "the rehearsal ended"}')
    writer.close()
    assert isinstance(answer, dict)
    return answer


def _binaries(folder: Path | None) -> Path:
    from console.sandbox.binaries import BinariesMissing, find_binaries

    try:
        return find_binaries(folder).etcd.parent
    except BinariesMissing as missing:
        raise UsageError(str(missing)) from missing


@contextmanager
def _running(real: Path | None, rate: float) -> Iterator[Rehearsal]:
    """The rehearsal in a process of its own, so that neither the screen nor a run can slow or end it."""
    folder = Path(tempfile.mkdtemp(prefix="r-", dir=_made(_root())))
    log = (folder / "sandbox.log").open("wb")
    from console.settings import shipped_folder

    arguments = [sys.executable, "-m", "console.sandbox.serve", str(folder), "--shipped", str(shipped_folder()), "--rate", str(rate)]
    arguments += ["--real", str(real)] if real else []
    process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
    try:
        yield _ready(process, folder)
    finally:
        _stop(process)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


def _ready(process: subprocess.Popen[bytes], folder: Path) -> Rehearsal:
    print("starting the rehearsal …", file=sys.stderr, flush=True)
    assert process.stdout is not None
    said = json.loads(process.stdout.readline() or b"{}")
    if said.get("state") != "ready":
        tail = (folder / "sandbox.log").read_text(errors="replace")[-2000:]
        raise BluegreenError(f"the rehearsal did not start: {said.get('reason') or tail or 'it ended at once'}")
    return Rehearsal(folder, Path(said["config"]), said["server"])


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End of file ends it; the group is killed only when that does not help."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(STOP_WITHIN)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _begin(options: Options) -> None:
    """Start the first deployment; the console shows how it is driven."""
    from console.cli.run import start_run

    asyncio.run(start_run(options, "deploy", {"release": FIRST_RELEASE}, reason="rehearsal: a first release", assume_yes=True))


def _headless(options: Options, rehearsal: Rehearsal) -> int:
    """Deploy, deploy the next one, roll back; 0 when every run was done and no request failed."""
    from console.cli.main import run
    from console.domain.run import EXIT_CODES

    shared = options.arguments()
    deploy = ["run", "deploy", "--yes", "--reason", "rehearsal", "-i"]
    steps = (
        ("A first release into an empty namespace", [*deploy, f"release={FIRST_RELEASE}"]),
        ("Who is live?", ["status"]),
        ("The next release: to the idle slot, checked, switched", [*deploy, f"release={NEXT_RELEASE}"]),
        ("Back to the slot that is still warm", ["rollback", "--yes", "--reason", "rehearsal"]),
        ("Who is live now?", ["status"]),
        ("What happened", ["runs"]),
    )
    for title, words in steps:
        print(f"\n── {title}\n$ bluegreen {' '.join(words)}", flush=True)
        code = run([*shared, *words])
        if code != EXIT_CODES["done"]:
            print(f"the rehearsal stopped: `{words[0]}` left with {code}", file=sys.stderr)
            return code
    load = asyncio.run(_tell(rehearsal.folder / "control.sock", "load"))
    print(f"\n── What the users noticed\n{load['said']}")
    return 1 if load["failed"] else 0
