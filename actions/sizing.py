"""The write that changes nothing but a Deployment's size: through our own apply where the manifest is still the same, else as a patch."""

from __future__ import annotations

from collections.abc import Mapping

from actions.manifests import Documents
from actions.owners import needs_force
from actions.pair import annotation_ops
from console.domain import facts as noted
from console.domain.change import JsonPatch, PatchOp, ServerApply
from console.domain.environment import Component, Environment
from console.domain.ids import SlotName
from console.domain.records import image_of
from console.domain.render import MANIFESTS, ManifestError, render_deployment, rendered_digest
from console.domain.world import Deployment

KEPT = (noted.RELEASE, noted.MIGRATION_CLASS, noted.PREVIOUS_RELEASE, noted.STABLE, noted.SERVED_WITH)
"""Notes of ours that an apply has to repeat: what it leaves out is removed."""


def scaled(
    environment: Environment,
    component: Component,
    deployment: Deployment,
    documents: Documents | None,
    *,
    slot: SlotName,
    replicas: int,
    notes: Mapping[str, str | None],
) -> JsonPatch | ServerApply:
    """Size and notes, and nothing of the pods: a manifest that changed on disk since the release was applied must not roll them."""
    if documents is None or not _unchanged(environment, component, deployment, documents, slot):
        ops = (PatchOp("test", "/spec/replicas", deployment.desired), PatchOp("replace", "/spec/replicas", replicas))
        return JsonPatch("Deployment", deployment.name, (*ops, *annotation_ops(deployment.meta.annotations, notes)))
    kept = {k: v for k, v in deployment.meta.annotations.items() if k in KEPT}
    wanted = {k: v for k, v in {**kept, **notes}.items() if v is not None}
    image = image_of(component, deployment)
    manifest = render_deployment(environment, component, documents, slot=slot, image=image, replicas=replicas, annotations=wanted)
    return ServerApply("Deployment", deployment.name, manifest, force=needs_force(deployment), generation=deployment.generation)


def _unchanged(environment: Environment, component: Component, deployment: Deployment, documents: Documents, slot: SlotName) -> bool:
    try:
        return deployment.meta.annotations.get(MANIFESTS) == rendered_digest(environment, component, documents, slot)
    except ManifestError:
        return False
