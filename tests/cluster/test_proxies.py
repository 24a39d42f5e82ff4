"""Which servers a proxy of the environment applies to."""

from __future__ import annotations

import pytest

from console.cluster.proxies import proxy_for

PROXY = "http://proxy:3128"


@pytest.mark.parametrize(
    ("server", "environ", "expected"),
    [
        ("https://k.example:6443", {}, ""),
        ("https://k.example:6443", {"HTTPS_PROXY": PROXY}, PROXY),
        ("https://k.example:6443", {"https_proxy": PROXY}, PROXY),
        ("https://k.example:6443", {"HTTP_PROXY": PROXY}, ""),
        ("http://k.example", {"HTTP_PROXY": PROXY}, PROXY),
        ("https://k.example", {"HTTPS_PROXY": PROXY, "NO_PROXY": "other.example"}, PROXY),
        ("https://k.example", {"HTTPS_PROXY": PROXY, "NO_PROXY": "k.example"}, ""),
        ("https://k.example", {"HTTPS_PROXY": PROXY, "NO_PROXY": "a, example"}, ""),
        ("https://k.example", {"HTTPS_PROXY": PROXY, "NO_PROXY": ".example"}, ""),
        ("https://k.example", {"HTTPS_PROXY": PROXY, "NO_PROXY": "*.example"}, ""),
        ("https://k.example", {"HTTPS_PROXY": PROXY, "NO_PROXY": "*"}, ""),
        ("https://notexample", {"HTTPS_PROXY": PROXY, "NO_PROXY": "example"}, PROXY),
        ("https://k.example:6443", {"HTTPS_PROXY": PROXY, "NO_PROXY": "k.example:443"}, PROXY),
        ("https://k.example:6443", {"HTTPS_PROXY": PROXY, "NO_PROXY": "k.example:6443"}, ""),
        ("https://10.1.2.3", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8"}, ""),
        ("https://11.1.2.3", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.0.0.0/8,rubbish/33"}, PROXY),
        ("https://10.1.2.3", {"HTTPS_PROXY": PROXY, "NO_PROXY": "10.1.2.3"}, ""),
        ("https://[fd00::1]:6443", {"HTTPS_PROXY": PROXY, "NO_PROXY": "fd00::/8"}, ""),
        ("https://127.0.0.1:6443", {"HTTPS_PROXY": PROXY}, ""),
        ("https://localhost:6443", {"HTTPS_PROXY": PROXY}, ""),
    ],
)
def test_the_proxy_of_a_server(server: str, environ: dict[str, str], expected: str) -> None:
    assert proxy_for(server, environ) == expected
