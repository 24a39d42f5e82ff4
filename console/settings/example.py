"""A first file of settings for any application, to be filled in."""

from __future__ import annotations

from typing import Literal

Kind = Literal["adopted", "manifests"]

_HEAD = """\
# config/environments/production.yml: one environment of one application. `bluegreen config check` reads it back.
environment: production
application: shop
cluster:
  context: production         # as kubectl knows it
  namespace: shop
"""

_SLOTS = """\
slots: [blue, green]
slot_key: version             # the label whose value says which slot; the Services select by it
"""

_ADOPTED = """\
components:                   # in the order of a switch: who is called first, who calls last
  api:
    service: shop-api         # the Service that users' traffic goes through
    deployment: shop-api-{slot}
    container: api            # the container that carries the release
    image: shop/api           # repository, without tag
"""

_MANIFESTS = """\
replicas: 2
components:                   # in the order of a switch: who is called first, who calls last
  api:
    image: shop/api           # repository, without tag
    manifest: k8s/api.yml     # below config/: a Deployment with a container 'api', and a Service 'api'
"""

_TAIL = """\
health:
  checks:
    health: /health           # answered with 200 by every component; asked through the cluster where no URL is given
# urls:
#   live:
#     api: https://shop.example.com
#   slots:
#     api: https://{slot}.shop.example.com
# prometheus: https://prometheus.example.com
# waits: {ready: 10m, verify_after: 30s, bake: 15m, keep_warm: 15m}
# protection: {confirm: name, require_reason: true}
"""


def init_example(kind: Kind) -> str:
    """The shortest useful file: for Deployments that exist already (`adopted`), or for `manifests` of an empty namespace."""
    return _HEAD + _SLOTS + (_ADOPTED if kind == "adopted" else _MANIFESTS) + _TAIL
