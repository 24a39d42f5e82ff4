"""Builds the parts from the settings and joins them: the composition root of every command, of the console and of the runner."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from console.cli.options import Options
from console.cli.patience import STARTING, patiently
from console.domain.environment import Environment
from console.domain.errors import JournalError
from console.settings import ConfigFolder, Problem, Settings, find_config, load

if TYPE_CHECKING:
    from console.cluster.client import KubeClient
    from console.cluster.kube import KubeCluster
    from console.domain.ids import ReleaseName
    from console.domain.release import Release
    from console.domain.runbook import Runbook
    from console.engine.action import Registry_
    from console.engine.catalogue import Catalogue
    from console.engine.deps import Deps
    from console.journal.journal import Journal
    from console.journal.place import Place
    from console.probes.prober import ApplicationProbes


@dataclass(frozen=True)
class Site:
    """One environment as the settings describe it; nothing is connected yet."""

    options: Options
    settings: Settings
    environment: Environment

    @property
    def folder(self) -> ConfigFolder:
        return self.settings.folder

    @property
    def read_only(self) -> bool:
        return self.options.read_only or self.environment.protection.read_only

    @cached_property
    def actions(self) -> Registry_:
        """All actions; promotion asks the environment that releases come from, as these settings describe it."""
        from actions import registry

        return registry(elsewhere=self._stable_elsewhere)

    @cached_property
    def catalogue(self) -> Catalogue:
        from console.engine.catalogue import load_catalogue

        return load_catalogue(self.folder.runbooks(), self.actions)

    @cached_property
    def place(self) -> Place:
        from console.journal.place import place_of

        return place_of(self.environment, journal=self.options.journal)

    async def _stable_elsewhere(self, name: str, release: ReleaseName) -> Release | None:
        """The release as another environment's cluster records it, if it passed everything there. Raises when it cannot be asked."""
        from console.domain.records import records_of

        source = self.settings.environment(name)
        there = Site(replace(self.options, read_only=True), self.settings, source)
        async with connection_to(there) as connection:
            records = records_of(source, await connection.cluster.observe(("ConfigMap",)))
        return records.release(release) if records.stable(release) else None


def site_of(options: Options) -> Site:
    """Find and read the settings, choose the environment. Raises NotConfigured, ConfigError, UsageError."""
    settings = load(find_config(options.config, os.environ))
    return Site(options, settings, settings.environment(options.env, os.environ))


def checked_request(site: Site, runbook: str, inputs: Mapping[str, str]) -> Runbook:
    """The runbook, once everything that was given with it can be used, as far as that shows without a cluster. Raises UsageError."""
    from actions.resolve import check_release
    from console.engine.inputs import checked_inputs

    wanted = site.catalogue.runbook(runbook)
    given = checked_inputs(wanted, inputs, site.environment)
    for found in wanted.inputs:
        if found.type == "release" and found.name in given:
            check_release(given[found.name], site.environment)
    return wanted


def check_runbook_files(files: tuple[Path, ...]) -> Iterable[Problem]:
    """Every mistake of the runbooks' files."""
    from actions import ACTIONS
    from console.engine.catalogue import check_runbooks

    return check_runbooks(files, ACTIONS)


@dataclass(frozen=True)
class Connection:
    """One environment, connected; no request was sent to open it."""

    site: Site
    client: KubeClient
    cluster: KubeCluster

    @cached_property
    def probes(self) -> ApplicationProbes:
        """Made when it is asked for: health checks have a client of their own, and the first picture waits for neither."""
        from console.probes.prober import ApplicationProbes

        return ApplicationProbes(self.site.environment, pod_get=self.cluster.pod_get)

    async def close(self) -> None:
        if "probes" in vars(self):
            await self.probes.close()
        await self.client.close()


@asynccontextmanager
async def connection_to(site: Site) -> AsyncIterator[Connection]:
    """Cluster and probes of an environment; closed at the end. Raises KubeconfigError."""
    from console.cluster.connect import connect
    from console.cluster.kube import KubeCluster

    where = site.environment.cluster
    client = await connect(kubeconfig=where.kubeconfig, context=where.context, read_only=site.read_only)
    connection = Connection(site, client, KubeCluster(client, namespace=where.namespace))
    try:
        yield connection
    finally:
        await connection.close()


@asynccontextmanager
async def journal_of(site: Site) -> AsyncIterator[Journal]:
    """The environment's journal. Raises JournalError."""
    from console.journal import open_journal

    journal = await open_journal(site.place.journal, site.environment.name, spools=site.place.spools)
    try:
        yield journal
    finally:
        await journal.close()


@asynccontextmanager
async def deps_of(site: Site, *, journal_needed: bool = True, within: float = STARTING) -> AsyncIterator[Deps]:
    """Everything a run is planned and driven with; the API server may be away for up to `within` seconds.

    Without `journal_needed` a journal that cannot be opened is None: rollback to the warm slot works without it.
    """
    async with AsyncExitStack() as stack:
        connection = await stack.enter_async_context(connection_to(site))
        journal, trouble = None, None
        try:
            journal = await stack.enter_async_context(journal_of(site))
        except JournalError as problem:
            if journal_needed:
                raise
            trouble = problem
        deps = await patiently(lambda: join(connection, journal), within=within)
        yield replace(deps, trouble=trouble, open_journal=lambda: stack.enter_async_context(journal_of(site)))


async def join(connection: Connection, journal: Journal | None) -> Deps:
    """The parts of a connected environment as the engine takes them; asks the API server who we are."""
    from actions.evidence import collect
    from console.engine.clock import SystemClock
    from console.engine.deps import Deps, this_host
    from console.registry.client import RegistryClient

    site = connection.site
    identity = await connection.cluster.identity()
    registry = RegistryClient()
    deps = Deps(
        environment=site.environment,
        journal=journal,
        place=site.place,
        cluster=connection.cluster,
        probes=connection.probes,
        registry=registry,
        clock=SystemClock(),
        actions=site.actions,
        runbooks=site.catalogue.runbooks,
        resolve=_unresolved,
        actor=identity.user,
        host=this_host(),
        collect=collect,
    )
    return replace(deps, resolve=_resolver(deps))


def _resolver(deps: Deps) -> Callable[[str], Awaitable[Release]]:
    from actions.resolve import resolve_release
    from console.engine.planner import still_ports

    async def resolve(text: str) -> Release:
        return await resolve_release(text, deps.environment, still_ports(deps))

    return resolve


async def _unresolved(text: str) -> Release:
    raise AssertionError("replaced before anybody can ask")
