"""Parsers for what Kubernetes and the network restrict: names, label keys, quantities, images, URLs, templates."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from console.document.node import Node
from console.document.problems import Wrong, did_you_mean
from console.document.values import Parse, scalar, text
from console.domain.release import ImageRef

ParseText = Callable[[str], str]

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")
_SERVICE = re.compile(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?")
_SUBDOMAIN = re.compile(r"(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_LABEL_KEY = re.compile(r"((?=.{1,253}/)[a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_LABEL_VALUE = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_LETTERS = "use small letters, digits and '-', 63 at most, beginning and ending with a letter or digit"


def label(node: Node) -> str:
    """A name of the strictest kind: namespace, container, component."""
    return namespace(text(node))


def namespace(name: str) -> str:
    return _checked(name, _LABEL, "a Kubernetes name", _LETTERS)


def slot(node: Node) -> str:
    """A slot: the value of a label. `on` and `off` are booleans to YAML and need quotes."""
    return _checked(text(node), _LABEL_VALUE, "a label's value", "use letters, digits, '-', '_' and '.', 63 at most")


def label_key(node: Node) -> str:
    """The key of a label, with or without a prefix."""
    return _checked(text(node), _LABEL_KEY, "a label's key", "write it like 'version' or 'example.com/slot'")


def service_name(name: str) -> str:
    return _checked(name, _SERVICE, "a Service's name", "use small letters, digits and '-', 63 at most, beginning with a letter")


def deployment_name(name: str) -> str:
    hint = "use small letters, digits, '-' and '.', beginning and ending with a letter or digit"
    return _checked(name, _SUBDOMAIN, "a Deployment's name", hint)


def image_repository(node: Node) -> str:
    """An image without tag or digest: those come from the release."""
    value = text(node)
    try:
        found = ImageRef.parse(value)
    except ValueError:
        raise Wrong(f"{value!r} is not an image repository", "write it like traider-backend or example.com/team/backend") from None
    if found.tag or found.digest:
        raise Wrong(f"{value!r} names one image, not a repository", f"write {found.repository}; the release gives the tag or digest")
    return value


def cpu(node: Node) -> str:
    """A CPU quantity as written: `500m`, `2`, `0.5`."""
    value = scalar(node).text
    if not re.fullmatch(r"[0-9]{1,6}m|[0-9]{1,4}(\.[0-9]{1,3})?", value):
        raise Wrong(f"{value!r} is not an amount of CPU", "write it like 500m (half a core), 2 or 0.5")
    return value


def memory(node: Node) -> str:
    """A memory quantity as written: `512Mi`, `2Gi`."""
    value = scalar(node).text
    if re.fullmatch(r"[0-9]{1,15}([kMGT]|[KMGT]i)?", value):
        return value
    if re.fullmatch(r"[0-9]+m", value):
        raise Wrong(f"{value!r} means thousandths of a byte", f"write {value[:-1]}Mi")
    guess = re.fullmatch(r"([0-9]+) ?([kKmMgGtT])(i?[bB])?", value)
    hint = f"write {guess[1]}{guess[2].upper()}i" if guess else "write it like 512Mi or 2Gi"
    raise Wrong(f"{value!r} is not an amount of memory", hint)


def url(node: Node) -> str:
    """An http or https URL without user, query and fragment; the closing slash is dropped."""
    return checked_url(text(node))


def checked_url(value: str) -> str:
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise Wrong(f"{value!r} is not a URL", "write it like https://api.example.com") from None
    if parts.scheme not in ("http", "https") or not host or re.search(r"\s", value):
        raise Wrong(f"{value!r} is not an http or https URL", "write it like https://api.example.com")
    if parts.username or parts.password:
        raise Wrong("the URL carries a user or a password", "leave them out; secrets do not belong into the settings")
    if parts.query or parts.fragment:
        raise Wrong(f"{value!r} has a query or a fragment", "write the base URL alone")
    return value.rstrip("/")


def path(node: Node) -> str:
    """The path part of a URL."""
    value = text(node)
    if not value.startswith("/") or re.search(r"[\s#]", value):
        raise Wrong(f"{value!r} is not a path", "begin it with '/', like /api/health")
    return value


def template(*known: str) -> Parse[str]:
    """Text with `{slot}`-style placeholders, of which only `known` ones may occur."""

    def parse(node: Node) -> str:
        value = text(node)
        for word in _PLACEHOLDER.findall(value):
            if word not in known:
                raise Wrong(f"unknown placeholder {{{word}}}", did_you_mean(word, known) or "none can be used here")
        if re.search(r"[{}]", _PLACEHOLDER.sub("", value)):
            raise Wrong(f"{value!r} has a brace without its partner", "placeholders are written like {slot}")
        return value

    return parse


def filled(pattern: str, values: Mapping[str, str]) -> str:
    """`pattern` with its placeholders replaced."""
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), pattern)


def _checked(value: str, form: re.Pattern[str], what: str, hint: str) -> str:
    if not form.fullmatch(value):
        raise Wrong(f"{value!r} is not {what}", hint)
    return value
