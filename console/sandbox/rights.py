"""The RBAC of a rehearsal: the roles that are shipped to real clusters, plus those of the rehearsal's own parts.

`cluster_documents` are applied once, `namespace_documents` into each namespace that is used; both API servers read the same files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

Document = Mapping[str, Any]

PACKAGE = Path(__file__).parents[1]
SHIPPED = next(folder / "k8s" / "rbac" for folder in (PACKAGE / "shipped", PACKAGE.parent / "config") if folder.is_dir())
"""The folder an administrator applies to a real cluster: in an installed package, or in the source tree."""
OWN = Path(__file__).with_name("rbac")
CLUSTER_WIDE = ("ClusterRole", "ClusterRoleBinding")


def cluster_documents(shipped: Path = SHIPPED) -> list[Document]:
    """The ClusterRoles and ClusterRoleBindings."""
    return [document for document in _documents(shipped) if document["kind"] in CLUSTER_WIDE]


def namespace_documents(shipped: Path = SHIPPED) -> list[Document]:
    """The RoleBindings; they name no namespace, as `kubectl apply --namespace` expects."""
    return [document for document in _documents(shipped) if document["kind"] not in CLUSTER_WIDE]


def _documents(shipped: Path) -> Iterator[Document]:
    for folder in (shipped, OWN):
        for file in sorted(folder.glob("*.yml")):
            with file.open(encoding="utf-8") as text:
                yield from (document for document in yaml.safe_load_all(text) if document)
