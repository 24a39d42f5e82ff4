"""Prometheus' HTTP query API over the pods of a rehearsal: the system's Prometheus where it is installed, else `prombed` in this process.

Both scrape the pods that the data plane's target file names. The application labels its own series with component, slot and release;
target labels (namespace, pod, component, slot) never override those.
"""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import yaml

from console.sandbox import supervise
from console.sandbox.ports import LOOPBACK, free_port
from console.sandbox.scraping import prombed_server
from console.sandbox.supervise import Command

START_SECONDS = 20.0


@contextlib.asynccontextmanager
async def running_metrics(
    folder: Path, targets: Path, *, interval: float = 1.0, rules: Path | None = None, program: str | None = "prometheus"
) -> AsyncIterator[str]:
    """The URL of a server that scrapes `targets` every `interval` seconds, for the length of the block.

    `program` is Prometheus' name or path; None, or one that is not installed, means prombed, which knows no `rules` (a folder of *.yml).
    """
    found = shutil.which(program) if program else None
    if found is None:
        async with prombed_server(targets, interval=interval) as url:
            yield url
    else:
        async with _prometheus(Path(found), folder, targets, interval=interval, rules=rules) as url:
            yield url


@contextlib.asynccontextmanager
async def _prometheus(program: Path, folder: Path, targets: Path, *, interval: float, rules: Path | None) -> AsyncIterator[str]:
    _prepare(folder, targets, interval=interval, rules=rules)
    url = f"http://{LOOPBACK}:{free_port()}"
    arguments = (
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=2h",
        f"--web.listen-address={url.removeprefix('http://')}",
        "--web.enable-remote-write-receiver",
        "--log.level=warn",
    )
    command = Command(name="prometheus", argv=(str(program), *arguments), log=folder / "prometheus.log", folder=folder, grace=3.0)
    async with aiohttp.ClientSession() as session:

        async def ready() -> bool:
            try:
                async with session.get(f"{url}/-/ready") as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        async with supervise.running(command, probe=ready, within=START_SECONDS):
            yield url


def _prepare(folder: Path, targets: Path, *, interval: float, rules: Path | None) -> None:
    """Write the configuration; the target file must exist before Prometheus looks for it."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not targets.exists():
        targets.write_text(json.dumps([]))
    seconds = f"{int(interval * 1000)}ms"
    config = {
        "global": {"scrape_interval": seconds, "scrape_timeout": seconds, "evaluation_interval": seconds},
        "rule_files": [str(rules / "*.yml")] if rules else [],
        "scrape_configs": [{"job_name": "pods", "honor_labels": True, "file_sd_configs": [{"files": [str(targets)]}]}],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
