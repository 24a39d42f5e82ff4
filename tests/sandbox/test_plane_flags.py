"""The command lines of a real control plane, as text."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from console.sandbox.binaries import Binaries
from console.sandbox.certificates import KeyPair
from console.sandbox.plane_flags import Credentials, Layout, apiserver, audit_file

PAIR = KeyPair(Path("tls.crt"), Path("tls.key"))
LAYOUT = Layout(folder=Path("/run/plane"), port=6443, controllers_port=6444, egress_socket=Path("/run/egress.sock"))
CREDENTIALS = Credentials(authority=Path("ca.crt"), serving=PAIR, kubelet_client=PAIR, service_accounts=PAIR)


@pytest.mark.parametrize("audited", [False, True])
def test_requests_are_recorded_where_that_is_asked_for_and_nowhere_else(audited: bool) -> None:
    binaries = Binaries(
        etcd=Path("etcd"), apiserver=Path("kube-apiserver"), controller_manager=Path("kube-controller-manager"), kubectl=None
    )
    flags = apiserver(binaries, LAYOUT, CREDENTIALS, audited=audited)
    assert ("--audit-log-path=/run/plane/audit.log" in flags) is audited
    assert ("--audit-policy-file=/run/plane/audit.yml" in flags) is audited


def test_a_record_holds_each_request_once_and_nothing_of_its_content() -> None:
    (rule,) = json.loads(audit_file())["rules"]
    assert rule == {"level": "Metadata", "omitStages": ["RequestReceived"]}
