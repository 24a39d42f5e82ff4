"""Which namespace an environment was when it was first changed from here (DESIGN section 10): kept in a file, so that it needs no journal.

What the settings expect comes first; without that, a context that means another cluster by now is found out before anything is changed.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from console.domain.environment import Environment
from console.domain.errors import Refused
from console.engine.ports import Fingerprint

FILE = "target.json"


def check_remembered(environment: Environment, folder: Path, found: Fingerprint) -> None:
    """Raises Refused where this is not the namespace of before. An address may change; the namespace's uid is the proof."""
    if problem := stranger(environment, folder, found):
        raise Refused(
            problem,
            hint=f"Check the kubeconfig's context. If the cluster was replaced on purpose, write `namespace_uid: {found.namespace_uid}` "
            f"under `cluster` in the settings, or remove {folder / FILE}",
        )


def stranger(environment: Environment, folder: Path, found: Fingerprint) -> str:
    """How this namespace differs from the one remembered; empty where it is the same, none is, or the settings say which one is meant."""
    known = remembered(folder)
    if environment.cluster.namespace_uid or known is None or known.namespace_uid == found.namespace_uid:
        return ""
    return (
        f"{environment.name} was the namespace {known.namespace} with uid {known.namespace_uid} at {known.server} until now; "
        f"this one has uid {found.namespace_uid} at {found.server}"
    )


def remembered(folder: Path) -> Fingerprint | None:
    """None where nothing, or nothing that can be read, was kept."""
    try:
        kept = json.loads((folder / FILE).read_text())
        return Fingerprint(str(kept["server"]), str(kept["namespace"]), str(kept["namespace_uid"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def remember(folder: Path, found: Fingerprint) -> None:
    """Keep it; where the disk refuses, nothing is remembered and nothing stands in the way."""
    if remembered(folder) == found:
        return
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = folder / f"{FILE}.new"
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(found.as_dict()) + "\n")
        fresh.replace(folder / FILE)
