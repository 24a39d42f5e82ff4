"""BLUEGREEN_* variables that override where an environment runs; they win over the file and lose against flags."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from console.document.problems import Wrong
from console.domain.environment import Environment
from console.domain.errors import UsageError
from console.settings import names

_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off", "")


def overridden(environment: Environment, environ: Mapping[str, str]) -> Environment:
    """`environment` with BLUEGREEN_CONTEXT, _NAMESPACE, _KUBECONFIG, _PROMETHEUS and _READ_ONLY; raises UsageError naming the variable."""
    cluster = environment.cluster
    if context := environ.get("BLUEGREEN_CONTEXT"):
        cluster = replace(cluster, context=context)
    if kubeconfig := environ.get("BLUEGREEN_KUBECONFIG"):
        cluster = replace(cluster, kubeconfig=Path(os.path.expanduser(kubeconfig)))
    if namespace := environ.get("BLUEGREEN_NAMESPACE"):
        cluster = replace(cluster, namespace=_checked(names.namespace, "BLUEGREEN_NAMESPACE", namespace))
    found = replace(environment, cluster=cluster)
    if prometheus := environ.get("BLUEGREEN_PROMETHEUS"):
        found = replace(found, prometheus=_checked(names.checked_url, "BLUEGREEN_PROMETHEUS", prometheus))
    if _is_true(environ, "BLUEGREEN_READ_ONLY"):
        found = replace(found, protection=replace(found.protection, read_only=True))
    return found


def _checked(parse: names.ParseText, variable: str, value: str) -> str:
    try:
        return parse(value)
    except Wrong as wrong:
        raise UsageError(f"{variable}: {wrong.message}", hint=wrong.hint) from None


def _is_true(environ: Mapping[str, str], variable: str) -> bool:
    value = environ.get(variable, "").strip().lower()
    if value not in (*_TRUE, *_FALSE):
        raise UsageError(f"{variable}={environ[variable]!r} is neither true nor false", hint="Write true or false")
    return value in _TRUE
