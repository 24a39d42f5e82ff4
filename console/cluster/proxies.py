"""Which proxy of the environment applies to a server, as kubectl decides it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from urllib.parse import urlsplit


def proxy_for(server: str, environ: Mapping[str, str]) -> str:
    """Value of HTTPS_PROXY or HTTP_PROXY for `server`, either case; empty where NO_PROXY or loopback says none."""
    url = urlsplit(server)
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    proxy = _variable(environ, f"{url.scheme.upper()}_PROXY")
    if not proxy or _loopback(host) or any(_exempt(host, port, rule.strip()) for rule in _variable(environ, "NO_PROXY").split(",")):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _variable(environ: Mapping[str, str], name: str) -> str:
    return environ.get(name) or environ.get(name.lower()) or ""


def _loopback(host: str) -> bool:
    address = _address(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def _exempt(host: str, port: int, rule: str) -> bool:
    """One entry of NO_PROXY: `*`, a name with its subdomains, an address, a network, each perhaps with a port."""
    if rule in {"", "*"}:
        return rule == "*"
    address = _address(host)
    if address is not None and "/" in rule:
        try:
            return address in ipaddress.ip_network(rule, strict=False)
        except ValueError:
            return False
    name, _, wanted = rule.lower().partition(":") if rule.count(":") == 1 else (rule.lower(), "", "")
    if wanted and wanted != str(port):
        return False
    bare = name.lstrip("*").lstrip(".")
    return host == bare or host.endswith("." + bare)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
