"""Reads a whole folder: what all environments share, the queries, each environment, and how they fit together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from console.document.node import Mapping, Scalar, overlay
from console.document.problems import ConfigError, Place, Problem, Problems, Wrong, did_you_mean, in_order
from console.document.read import read_mapping
from console.document.values import text
from console.settings.environment import Read, read_environment
from console.settings.folder import ConfigFolder
from console.settings.manifests import check_manifest
from console.settings.model import Settings

CheckFiles = Callable[[tuple[Path, ...]], Iterable[Problem]]


@dataclass(frozen=True)
class _Shared:
    """What every environment begins with."""

    layer: Mapping | None
    default: Scalar | None
    problems: Problems


@dataclass(frozen=True)
class _Reading:
    """One environment's file, read; `read` is None when it is no mapping at all."""

    name: str
    file: Path
    read: Read | None
    problems: Problems


def load(folder: ConfigFolder) -> Settings:
    """The settings of `folder`. Raises ConfigError when no environment can be used."""
    shared, readings = _read(folder)
    broken = {r.name: r.problems.errors for r in readings if r.problems.errors}
    usable = [r.read.environment for r in readings if r.read and not r.problems.errors]
    if shared.problems.errors or not usable:
        raise ConfigError([*shared.problems.errors, *(p for found in broken.values() for p in found)])
    return Settings(
        application=usable[0].application,
        environments={e.name: e for e in usable},
        folder=folder,
        default=shared.default.text if shared.default else None,
        broken=broken,
        warnings=in_order(p for r in readings for p in r.problems.warnings),
    )


def check(folder: ConfigFolder, *, runbooks: CheckFiles = lambda _: ()) -> tuple[Problem, ...]:
    """Every mistake and warning of a folder; `runbooks` checks the procedures' files."""
    shared, readings = _read(folder)
    return in_order([*shared.problems.found, *(p for r in readings for p in r.problems.found), *runbooks(folder.runbooks())])


def _read(folder: ConfigFolder) -> tuple[_Shared, list[_Reading]]:
    shared = _read_shared(folder)
    files = folder.environments()
    if not files:
        shared.problems.error(Place(folder.path / "environments"), "there is no environment", "`bluegreen config init` prints a first one")
    readings = [_read_one(folder, file, shared) for file in files]
    _check_together(shared, readings)
    return shared, _in_promotion_order(readings)


def _read_shared(folder: ConfigFolder) -> _Shared:
    problems = Problems()
    application = read_mapping(folder.application, problems) if folder.application.exists() else None
    metrics = read_mapping(folder.metrics, problems) if folder.metrics.exists() else None
    default = _default(application, problems) if application else None
    layer = application.without("default", "environment") if application else None
    if metrics:
        top = Scalar(metrics.at, "metrics", "text")
        below = Mapping(metrics.at, ((top, metrics),))
        layer = overlay(below, layer) if layer else below
    return _Shared(layer, default, problems)


def _default(application: Mapping, problems: Problems) -> Scalar | None:
    if key := application.key("environment"):
        problems.error(key.at, "'environment' belongs into a file of environments/", "remove it here, or write default:")
    node = application.get("default")
    if node is None:
        return None
    try:
        text(node)
    except Wrong as wrong:
        problems.wrong(node.at, wrong)
    return node if isinstance(node, Scalar) else None


def _read_one(folder: ConfigFolder, file: Path, shared: _Shared) -> _Reading:
    problems = Problems()
    own = read_mapping(file, problems)
    if own is None:
        return _Reading(file.stem, file, None, problems)
    merged = overlay(shared.layer, own) if shared.layer else own
    read = read_environment(merged, folder=folder.path, file=file, problems=problems)
    for placed in read.placed:
        check_manifest(placed, slot_key=read.environment.slot_key, problems=problems)
    return _Reading(file.stem, file, read, problems)


def _check_together(shared: _Shared, readings: list[_Reading]) -> None:
    names = [r.name for r in readings]
    if shared.default and shared.default.text not in names:
        message = f"the default environment {shared.default.text!r} does not exist"
        shared.problems.error(shared.default.at, message, did_you_mean(shared.default.text, names))
    for place, reading in enumerate(readings):
        if reading.name in names[:place]:
            reading.problems.error(Place(reading.file), f"there are two files for {reading.name}", "keep .yml or .yaml, not both")
        elif reading.read:
            _check_promotion(reading, reading.read, readings)
            _check_neighbours(reading, reading.read, [r.read for r in readings[:place] if r.read])


def _check_promotion(reading: _Reading, read: Read, readings: list[_Reading]) -> None:
    source = read.environment.promoted_from
    known = [r.name for r in readings if r.name != reading.name]
    if source and source not in known:
        message = f"the environment {source!r}, from which releases come, does not exist"
        reading.problems.error(read.promoted_from, message, did_you_mean(source, known))
    elif source and reading.name in _sources(source, readings):
        reading.problems.error(read.promoted_from, f"{reading.name} would be promoted from itself, by way of {source}", "break the circle")


def _sources(name: str, readings: list[_Reading]) -> list[str]:
    """`name` and the environments that its releases come from, nearest first; stops where a circle closes."""
    before = {r.name: r.read.environment.promoted_from for r in readings if r.read}
    chain: list[str] = []
    while name and name not in chain:
        chain.append(name)
        name = before.get(name, "")
    return chain


def _check_neighbours(reading: _Reading, read: Read, others: list[Read]) -> None:
    environment = read.environment
    for other in (o.environment for o in others):
        if other.application != environment.application:
            message = f"the application is {environment.application!r} here and {other.application!r} in {other.name}"
            reading.problems.error(read.named, message, "keep one folder of settings per application")
        here, there = environment.cluster, other.cluster
        same_place = (here.kubeconfig, here.context, here.namespace) == (there.kubeconfig, there.context, there.namespace)
        if same_place and {c.service for c in environment.components} & {c.service for c in other.components}:
            message = f"{environment.name} and {other.name} are the same Services in the namespace {here.namespace}"
            reading.problems.error(read.named, message, "give each environment its own namespace, context or Services")


def _in_promotion_order(readings: list[_Reading]) -> list[_Reading]:
    return sorted(readings, key=lambda r: (len(_sources(r.name, readings)), r.name))
