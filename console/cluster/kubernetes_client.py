"""The two classes of the Kubernetes client that carry TLS, proxies and connections: `RESTClientObject` and `Configuration`.

`import kubernetes` runs the synchronous client as well, and with it requests, oauthlib and a websocket client: a quarter of a second of
every start and 20 MiB that nobody here uses. The package's own `__init__` is therefore stepped over, and only while these are imported.
`ApiClient` adds nothing to the two but the typed models' encoding, and pydantic with it.
"""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

PACKAGES = ("kubernetes", "kubernetes.aio")


@contextmanager
def _without_package_code() -> Iterator[None]:
    """Let the packages be bare folders for the length of the block; nothing is done where they were imported already."""
    if PACKAGES[0] in sys.modules:
        yield
        return
    spec = importlib.util.find_spec(PACKAGES[0])
    folders = list(spec.submodule_search_locations or ()) if spec else []
    for name in PACKAGES:
        package = ModuleType(name)
        package.__path__ = [folder + "".join(f"/{part}" for part in name.split(".")[1:]) for folder in folders]
        sys.modules[name] = package
    try:
        yield
    finally:
        for name in PACKAGES:
            del sys.modules[name]


with _without_package_code():
    from kubernetes.aio.client.configuration import Configuration
    from kubernetes.aio.client.rest import RESTClientObject

__all__ = ["Configuration", "RESTClientObject"]
