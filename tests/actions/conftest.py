"""`cluster("operator")` on both API servers, for the tests that prove actions there."""

from __future__ import annotations

from tests.cluster.conftest import (
    api,
    cluster,
    egress,
    embedded_server,
    kubelet,
    namespace,
    node,
    paths,
    real_plane,
    server,
    user,
)

__all__ = ["api", "cluster", "egress", "embedded_server", "kubelet", "namespace", "node", "paths", "real_plane", "server", "user"]
