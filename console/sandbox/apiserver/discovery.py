"""What the server says about itself: health, version, groups and resources."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from console.sandbox.apiserver import openapi
from console.sandbox.apiserver.errors import ApiError, not_spoken, unknown_path
from console.sandbox.apiserver.requests import RequestInfo
from console.sandbox.apiserver.resources import ALL, Object, Resource
from console.sandbox.apiserver.responses import document_response, json_response

VERSION: Final = {
    "major": "1",
    "minor": "37",
    "gitVersion": "v1.37.2+bluegreen-sandbox",
    "gitCommit": "",
    "gitTreeState": "clean",
    "buildDate": "1970-01-01T00:00:00Z",
    "goVersion": "",
    "compiler": "",
    "platform": "python",
}
HEALTH: Final = ("/livez", "/readyz", "/healthz")
GROUPS: Final = tuple(dict.fromkeys((resource.group, resource.version) for resource in ALL if resource.group))
REAL_ONLY: Final = {
    "": "bindings componentstatuses endpoints limitranges persistentvolumeclaims persistentvolumes podtemplates replicationcontrollers",
    "admissionregistration.k8s.io": "mutatingadmissionpolicies mutatingadmissionpolicybindings mutatingwebhookconfigurations "
    "validatingadmissionpolicies validatingadmissionpolicybindings validatingwebhookconfigurations",
    "apiextensions.k8s.io": "customresourcedefinitions",
    "apiregistration.k8s.io": "apiservices",
    "apps": "controllerrevisions daemonsets statefulsets",
    "authentication.k8s.io": "tokenreviews",
    "authorization.k8s.io": "localsubjectaccessreviews subjectaccessreviews",
    "autoscaling": "horizontalpodautoscalers",
    "batch": "cronjobs",
    "certificates.k8s.io": "certificatesigningrequests clustertrustbundles podcertificaterequests",
    "events.k8s.io": "events",
    "flowcontrol.apiserver.k8s.io": "flowschemas prioritylevelconfigurations",
    "networking.k8s.io": "ingressclasses ingresses ipaddresses networkpolicies servicecidrs",
    "node.k8s.io": "runtimeclasses",
    "policy": "poddisruptionbudgets",
    "resource.k8s.io": "deviceclasses devicetaintrules resourceclaims resourceclaimtemplates resourceslices",
    "scheduling.k8s.io": "priorityclasses",
    "storage.k8s.io": "csidrivers csinodes csistoragecapacities storageclasses volumeattachments volumeattributesclasses",
    "storagemigration.k8s.io": "storageversionmigrations",
}
"""What a real server of this version has besides, by group."""


def respond(path: str) -> web.Response:
    """Answer a path that names no resource."""
    path = path.rstrip("/")
    if path.startswith(HEALTH):
        return web.Response(text="ok")
    match path.strip("/").split("/"):
        case ["version"]:
            return document_response(dict(VERSION))
        case ["api"]:
            return document_response({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
        case ["apis"]:
            return document_response({"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(*each) for each in GROUPS]})
        case ["api", "v1"]:
            return document_response(_resources("", "v1"))
        case ["apis", group] if any(group == served for served, _ in GROUPS):
            version = next(version for served, version in GROUPS if served == group)
            return document_response({"kind": "APIGroup", "apiVersion": "v1", **_group(group, version)})
        case ["apis", group, version] if (group, version) in GROUPS:
            return document_response(_resources(group, version))
        case ["openapi", "v3"]:
            return document_response(openapi.index())
        case ["openapi", "v3", *rest] if document := openapi.document("/".join(rest)):
            return json_response(document)
        case ["openapi", "v2"]:
            raise not_spoken("OpenAPI v2")
        case ["metrics" | "logs" | "debug" | ".well-known", *_]:
            raise not_spoken(path)
        case _:
            return web.Response(text="404 page not found\n", status=404)


def refuse(info: RequestInfo) -> ApiError:
    """Why a resource is not served: a real server has it and the sandbox does not, or nobody has it."""
    if info.plural in REAL_ONLY.get(info.group, "").split():
        name = f"{info.plural}.{info.group} ({info.version})" if info.group else info.plural
        return not_spoken(name)
    return unknown_path()


def _group(group: str, version: str) -> Object:
    served = {"groupVersion": f"{group}/{version}", "version": version}
    return {"name": group, "versions": [served], "preferredVersion": served}


def _resources(group: str, version: str) -> Object:
    listed: list[Object] = []
    for resource in ALL:
        if (resource.group, resource.version) == (group, version):
            listed.append(_described(resource))
            listed += [_described_part(resource, part) for part in resource.subresources]
    name = f"{group}/{version}" if group else version
    listed.sort(key=lambda each: str(each["name"]))
    return {"kind": "APIResourceList", **({"apiVersion": "v1"} if group else {}), "groupVersion": name, "resources": listed}


def _described(resource: Resource) -> Object:
    described: Object = {
        "name": resource.plural,
        "singularName": resource.singular,
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": list(resource.verbs),
    }
    if resource.short_names:
        described["shortNames"] = list(resource.short_names)
    if resource.categories:
        described["categories"] = list(resource.categories)
    return described


def _described_part(resource: Resource, part: str) -> Object:
    described: Object = {"name": f"{resource.plural}/{part}", "singularName": "", "namespaced": resource.namespaced}
    match part:
        case "scale":
            return described | {"group": "autoscaling", "version": "v1", "kind": "Scale", "verbs": ["get", "patch", "update"]}
        case "binding":
            return described | {"kind": "Binding", "verbs": ["create"]}
        case "log":
            return described | {"kind": resource.kind, "verbs": ["get"]}
        case "proxy":
            return described | {"kind": "PodProxyOptions", "verbs": ["create", "delete", "get", "patch", "update"]}
        case "finalize":
            return described | {"kind": resource.kind, "verbs": ["update"]}
        case _:
            return described | {"kind": resource.kind, "verbs": ["get", "patch", "update"]}
