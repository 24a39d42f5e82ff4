"""An API server on loopback that speaks the part of the Kubernetes API which the console and its nodes use.

In memory, one process, one event loop; the same contract suite runs against it and against a real kube-apiserver. What it does not speak it
refuses with 501. `EmbeddedServer.start` is the entry.
"""

from console.sandbox.apiserver.server import EmbeddedServer

__all__ = ["EmbeddedServer"]
