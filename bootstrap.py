#!/usr/bin/env python3
"""Sets bluegreen up beside this file (.venv) and runs one of its commands. Needs Python 3.11 or newer and nothing else.

    python3 bootstrap.py sandbox [ARGS]    start the rehearsal and open the console on it (headless without a terminal)
    python3 bootstrap.py test [ARGS]       run every check, and the tests that go with every change (ARGS go to pytest)
    python3 bootstrap.py nightly [ARGS]    the same with the long tests, for hours: every kill point, both API servers, 10,000 faults
    python3 bootstrap.py bench [ARGS]      print the figures
    python3 bootstrap.py soak [ARGS]       leave the console with a restless cluster and restless hands for 30 minutes
    python3 bootstrap.py docs              make the generated pages and the pictures of docs/ again
    python3 bootstrap.py chaos [ARGS]      kill runners and disturb requests while releases go out and back (--help: seed, kills, faults)
    python3 bootstrap.py run ARGS          the program itself: `run status`, `run --help`
    python3 bootstrap.py setup             only set up

Standard library only, and nothing an older Python cannot read: it runs before anything is installed, and says what is missing.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
VENV = HERE / ".venv"
PYTHON = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
CHECKS = (
    ("ruff", "format", "--check", "."),
    ("ruff", "check", "."),
    ("lint-imports",),
    ("mypy",),
)
SPREAD = ("-n", "2", "--dist", "loadfile", "--no-loadscope-reorder")
"""Whole files go to one worker; in the order of their folders, so that the longest do not come last."""
LONG = ("-m", "slow or not slow", "--both")
"""What pytest is told so that it leaves nothing out."""


def main(arguments: list[str]) -> int:
    """Exit code of the command that was asked for."""
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if sys.version_info < (3, 11):  # noqa: UP036 - whoever runs this may have an older one
        print(f"bluegreen needs Python 3.11 or newer; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    if command in ("sandbox", "run"):
        set_up("sandbox")
        return call("-m", "console", *(["sandbox"] if command == "sandbox" else []), *rest)
    if command in ("test", "nightly"):
        set_up("test")
        long = LONG if command == "nightly" else ()
        return run_checks() or build_control_plane() or call("-m", "pytest", *SPREAD, *long, *rest)
    if command == "bench":
        set_up("test")
        return build_control_plane() or call("-m", "tests.bench", *rest)
    if command == "soak":
        set_up("test")
        return build_control_plane() or call("-m", "tests.soak", *rest)
    if command == "docs":
        set_up("test")
        return make_docs() or call("-m", "tests.tour")
    if command == "chaos":
        set_up("test")
        return build_control_plane() or call("-m", "tests.chaos", *rest)
    if command == "setup":
        set_up("test")
        return 0
    print(__doc__)
    return 0 if command in ("", "-h", "--help") else 2


def set_up(extra: str) -> None:
    """Make .venv hold what `extra` of pyproject.toml needs, at the versions of constraints.txt; does nothing when it already does."""
    wanted = hashlib.sha256(b"".join((HERE / f).read_bytes() for f in ("pyproject.toml", "constraints.txt"))).hexdigest()
    stamps = {name: VENV / f".bluegreen-{name}" for name in ("sandbox", "test")}
    if any(_holds(stamps[name], wanted) for name in ({"sandbox", "test"} if extra == "sandbox" else {"test"})):
        return
    print(f"setting up .venv for {extra} (once) …", file=sys.stderr, flush=True)
    if not PYTHON.exists():
        try:
            venv.create(VENV, with_pip=True, symlinks=os.name != "nt")
        except (subprocess.CalledProcessError, OSError) as problem:
            sys.exit(f"cannot create .venv: {problem}. On Debian and Ubuntu: apt-get install python3-venv")
    install = [str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "-c", "constraints.txt", "-e", f".[{extra}]"], cwd=HERE, check=True, env=environment())
    # Start-up depends on byte code: without it every start compiles every module again.
    subprocess.run([str(PYTHON), "-m", "compileall", "-q", "-j", "2", str(VENV / "lib")], cwd=HERE, env=environment(), check=False)
    stamps[extra].write_text(wanted)


def _holds(stamp: Path, wanted: str) -> bool:
    return stamp.exists() and stamp.read_text() == wanted


def run_checks() -> int:
    """Format, lint, import contracts and types; the first failure's exit code."""
    for check in CHECKS:
        print("·", *check, flush=True)
        code = subprocess.run([str(PYTHON.parent / check[0]), *check[1:]], cwd=HERE, env=environment(), check=False).returncode
        if code:
            return code
    return 0


def build_control_plane() -> int:
    """The real control plane, built once into the user's cache; in CI a missing one is a failure, elsewhere its tests are skipped."""
    code = call("-m", "tests.controlplane.build")
    return code if os.environ.get("CI") else 0


def make_docs() -> int:
    """The pages that are made from the tests and the bindings."""
    for module, page in (("fault_table", "faults.md"), ("key_page", "keys.md")):
        with (HERE / "docs" / page).open("wb") as file:
            made = [str(PYTHON), "-m", f"tests.support.{module}"]
            if code := subprocess.run(made, cwd=HERE, env=environment(), stdout=file, check=False).returncode:
                return code
    return 0


def call(*arguments: str) -> int:
    try:
        return subprocess.run([str(PYTHON), *arguments], cwd=HERE, env=environment(), check=False).returncode
    except KeyboardInterrupt:
        return 130


def environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
