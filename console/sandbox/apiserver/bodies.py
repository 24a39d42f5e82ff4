"""Bodies and options of requests, as the verbs take them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from console.sandbox.apiserver.errors import ApiError, Cause, bad_request, not_spoken, unsupported_media
from console.sandbox.apiserver.resources import Object, Resource
from console.sandbox.apiserver.writes import Deletion, Write

JSON: Final = "application/json"
YAML: Final = "application/yaml"
PROTOBUF: Final = "application/vnd.kubernetes.protobuf"
JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
STRATEGIC_PATCH: Final = "application/strategic-merge-patch+json"
APPLY: Final = "application/apply-patch+yaml"
PATCHES: Final = (JSON_PATCH, MERGE_PATCH, STRATEGIC_PATCH, APPLY)
LONGEST_MANAGER: Final = 128


def media_type(header: str) -> str:
    """The type without its parameters."""
    return header.split(";", 1)[0].strip().lower()


def accepts_json(accept: str) -> bool:
    """Whether an Accept header leaves room for JSON, the only answer there is."""
    wanted = [media_type(each) for each in accept.split(",") if each.strip()]
    return not wanted or any(each in (JSON, "application/*", "*/*") or each.startswith("text/") for each in wanted)


def read_json(raw: bytes, media: str, accepted: tuple[str, ...] = (JSON, YAML)) -> Any:
    """A decoded body; a format the verb does not take is 415, a broken one 400."""
    if media == PROTOBUF:
        raise not_spoken("the protobuf encoding of requests, only JSON and YAML")
    if media not in (*accepted, ""):
        raise unsupported_media(accepted)
    try:
        return msgspec.json.decode(raw)
    except RecursionError as error:
        raise bad_request("the object provided is nested too deeply") from error
    except msgspec.DecodeError as error:
        if media in (YAML, APPLY):
            return _read_yaml(raw)
        raise bad_request(f"the object provided is unrecognized: couldn't get version/kind; json parse error: {error}") from error


def _read_yaml(raw: bytes) -> Any:
    import yaml

    try:
        return msgspec.to_builtins(yaml.safe_load(raw))
    except (yaml.YAMLError, RecursionError) as error:
        raise bad_request(f"error decoding YAML: {error}") from error


def check_kind(document: object, resource: Resource) -> Object:
    """The document, if it says it is of this resource's kind or says nothing."""
    if not isinstance(document, dict):
        raise bad_request("the request's body is not an object")
    kind, version = document.get("kind") or resource.kind, document.get("apiVersion") or resource.api_version
    if not isinstance(kind, str) or not isinstance(version, str) or not isinstance(document.get("metadata") or {}, dict):
        raise bad_request("couldn't get version/kind; json parse error: kind and apiVersion are strings, metadata is an object")
    if (kind, version) != (resource.kind, resource.api_version):
        short = version.rsplit("/", 1)[-1]
        raise bad_request(
            f'{kind} in version "{short}" cannot be handled as a {resource.kind}: no kind "{kind}" is registered for version "{version}"'
        )
    return document


def write_options(query: Mapping[str, str], agent: str, *, verb: str, subresource: str = "", apply: bool = False) -> Write:
    """Read dryRun, fieldManager, fieldValidation and force."""
    dry_run = query.get("dryRun", "")
    if dry_run not in ("", "All"):
        raise _bad_option("dryRun", f'Unsupported value: ["{dry_run}"]: supported values: "All"', verb, "FieldValueNotSupported")
    validation = query.get("fieldValidation", "")
    if validation not in ("", "Ignore", "Warn", "Strict"):
        why = f'Unsupported value: "{validation}": supported values: "", "Ignore", "Strict", "Warn"'
        raise _bad_option("fieldValidation", why, verb, "FieldValueNotSupported")
    manager = query.get("fieldManager", "")
    if apply and not manager:
        raise _bad_option("fieldManager", "Required value: is required for apply patch", verb, "FieldValueRequired")
    if query.get("force") and not apply:
        raise _bad_option("force", "Forbidden: may not be specified for non-apply patch", verb, "FieldValueForbidden")
    return Write(
        manager=(manager or agent.split("/", 1)[0])[:LONGEST_MANAGER],
        subresource=subresource,
        dry_run=dry_run == "All",
        strict=validation == "Strict",
        patched=verb == "patch",
        force=query.get("force") in ("true", "1"),
    )


def _bad_option(field: str, why: str, verb: str, reason: str) -> ApiError:
    kind = f"{verb.title()}Options"
    details = {"group": "meta.k8s.io", "kind": kind, "causes": [Cause(field, why, reason).as_json()]}
    return ApiError(422, "Invalid", f'{kind}.meta.k8s.io "" is invalid: {field}: {why}', details=details)


def delete_options(raw: bytes, media: str, query: Mapping[str, str]) -> Deletion:
    """DeleteOptions from the body, or from the query where there is none."""
    options: Object = read_json(raw, media) if raw.strip() else {}
    if not isinstance(options, dict):
        raise bad_request("the body of a delete is not a DeleteOptions object")
    if not options:
        for name in ("propagationPolicy", "gracePeriodSeconds", "dryRun", "orphanDependents"):
            if name in query:
                options[name] = query[name]
        if "dryRun" in options:
            options["dryRun"] = [options["dryRun"]]
    policy = options.get("propagationPolicy") or {True: "Orphan", "true": "Orphan"}.get(options.get("orphanDependents", ""), "")
    if policy not in ("", "Orphan", "Background", "Foreground"):
        why = f'Unsupported value: "{policy}": supported values: "Foreground", "Background", "Orphan", "nil"'
        raise _bad_option("propagationPolicy", why, "delete", "FieldValueNotSupported")
    grace = options.get("gracePeriodSeconds")
    preconditions = options.get("preconditions") or {}
    return Deletion(
        grace=None if grace is None else int(grace),
        policy=policy,
        uid=preconditions.get("uid") or "",
        resource_version=preconditions.get("resourceVersion") or "",
        dry_run="All" in (options.get("dryRun") or ()),
    )
