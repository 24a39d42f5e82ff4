"""`cluster("operator")` on both API servers, for the tests that prove actions there."""

from __future__ import annotations

from tests.cluster.conftest import (
    api,
    cluster,
    egress,
    kubelet,
    namespace,
    node,
    paths,
    server,
    user,
)

__all__ = ["api", "cluster", "egress", "kubelet", "namespace", "node", "paths", "server", "user"]
