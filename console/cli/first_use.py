"""What a first use finds on this machine: the folders that were looked at, the kubeconfig, and an example for its current context."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from console.cluster.kubeconfig import target_of
from console.cluster.kubeconfig_files import merged
from console.domain.errors import BluegreenError
from console.domain.views.first_use import FirstUse
from console.settings import NotConfigured, init_example


def first_use(problem: NotConfigured, environ: Mapping[str, str] = os.environ) -> FirstUse:
    """Reads files, connects to nothing."""
    folder = problem.looked_at[-1]
    files = [Path(os.path.expanduser(name)) for name in environ.get("KUBECONFIG", "").split(os.pathsep) if name]
    files = files or [Path(os.path.expanduser(environ.get("HOME") or "~")) / ".kube" / "config"]
    found, contexts, context, namespace = _kubeconfig(files, environ)
    example = init_example("adopted")
    if context:
        example = re.sub(r"(?m)^  context: \S+", f"  context: {context}".replace("\\", r"\\"), example)
        example = re.sub(r"(?m)^  namespace: \S+", f"  namespace: {namespace}".replace("\\", r"\\"), example)
    return FirstUse(
        looked_at=tuple(f"{place}/environments/*.yml" for place in problem.looked_at),
        kubeconfig=found,
        contexts=contexts,
        target=str(folder / "environments" / "production.yml"),
        example=example,
    )


def write_first_settings(view: FirstUse) -> Path:
    """Write the example where it says; a file that is there already is left alone. Raises UsageError, OSError."""
    path = Path(view.target)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as file:
        file.write(view.example)
    return path


def _kubeconfig(files: list[Path], environ: Mapping[str, str]) -> tuple[str, tuple[str, ...], str, str]:
    """What to say of it, its contexts with the current one first, and the current one's namespace."""
    present = [file for file in files if file.exists()]
    if not present:
        return f"{', '.join(map(str, files))} does not exist", (), "", ""
    try:
        config = merged(present)
        target = target_of(kubeconfig=None, context=None, environ=environ)
    except BluegreenError as problem:
        return str(problem), (), "", ""
    others = [name for name in config.contexts if name != target.context]
    return config.source, (target.context, *others), target.context, target.namespace
