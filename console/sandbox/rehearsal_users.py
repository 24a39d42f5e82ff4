"""The rehearsal's users as kubeconfigs: their tokens lie in files, so that they can expire and be renewed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import yaml

from console.sandbox.endpoint import ApiEndpoint
from console.sandbox.ports import LOOPBACK
from console.sandbox.relay import Relay

EXPIRED = "expired-by-the-rehearsal"


class RehearsalUsers:
    """Kubeconfigs and token files, in one private folder."""

    def __init__(self, folder: Path, endpoint: ApiEndpoint, relay: Relay) -> None:
        folder.mkdir(mode=0o700)
        self._folder = folder
        scheme = endpoint.server.partition(":")[0]
        self.endpoint = replace(endpoint, server=f"{scheme}://{LOOPBACK}:{relay.port}")
        """The API server behind the relay."""
        for user, token in endpoint.users.items():
            self._write_token(user, token)

    def kubeconfig(self, user: str, namespace: str) -> Path:
        """The file for this user and namespace."""
        cluster = {"server": self.endpoint.server}
        if self.endpoint.ca_file is not None:
            cluster["certificate-authority"] = str(self.endpoint.ca_file.absolute())
        context = {"cluster": "rehearsal", "user": user, "namespace": namespace}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "rehearsal", "cluster": cluster}],
            "users": [{"name": user, "user": {"tokenFile": str(self._token_file(user))}}],
            "contexts": [{"name": user, "context": context}],
            "current-context": user,
        }
        path = self._folder / f"{user}.{namespace}.kubeconfig"
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8")
        return path

    def expire(self, user: str) -> None:
        """From now on the user's token is one that the server does not know."""
        self._write_token(user, EXPIRED)

    def renew(self, user: str) -> None:
        """Log the user in again."""
        self._write_token(user, self.endpoint.users[user])

    def _token_file(self, user: str) -> Path:
        return self._folder / f"{user}.token"

    def _write_token(self, user: str, token: str) -> None:
        file = self._token_file(user)
        fresh = file.with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(token, encoding="ascii")
        fresh.replace(file)
