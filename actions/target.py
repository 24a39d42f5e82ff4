"""Whether the way back that a rollback was started for can be taken now (SAFETY 1, rules 7 to 9)."""

from __future__ import annotations

from actions.shared import SWITCH_KINDS, Looking, Override, Params, taken
from console.domain.moments import spoken
from console.domain.rollback import Target, rollback_targets
from console.domain.wording import listed
from console.domain.world import World
from console.engine.action import Bindings, Broken, Done, Ports, Task, Verdict


class UsableParams(Params):
    override: Override = ""


class Usable(Looking[UsableParams, World]):
    """Judges the target alone; how the live slot fares decides only how much better the target has to be."""

    name = "target.usable"
    title = "check the way back to {previous}"
    params = UsableParams
    timeout = 10.0

    async def observe(self, ports: Ports, task: Task[UsableParams]) -> World:
        return await ports.cluster.observe(SWITCH_KINDS)

    def verify(self, facts: World, task: Task[UsableParams], carry: object) -> Verdict:
        targets = rollback_targets(task.environment, facts)
        chosen = chosen_target(targets, task.bindings)
        if chosen is None:
            return Broken(_nothing_to_go_to(task, targets))
        if chosen.problems and not taken(task.params.override, chosen.override):
            named = f" (a person may override: {chosen.override})" if chosen.override else ""
            return Broken("; ".join(chosen.problems) + named, {"override": chosen.override})
        told = [f"{said(chosen)}", *chosen.problems, *([chosen.warning] if chosen.warning else [])]
        return Done(
            "; ".join(told), {"slot": chosen.slot, "release": chosen.release, "kind": chosen.kind, "overridden": list(chosen.problems)}
        )


def chosen_target(targets: tuple[Target, ...], bindings: Bindings) -> Target | None:
    """The target that the run was started for: its slot, and its release where one was named."""
    wanted = bindings.release.name if bindings.release else None
    return next((t for t in targets if t.slot == bindings.previous and (t.release == wanted if wanted else t.kind == "warm")), None)


def said(target: Target) -> str:
    """`blue v1.4.2, warm, 6 of 6 pods, about 1 s`."""
    time = f", about {spoken(target.seconds)}" if target.seconds is not None else ""
    pods = f"{target.ready} of {target.wanted} pods" if target.kind == "warm" else f"{target.wanted} pods to start"
    return f"{target.slot} {target.release or 'without a release name'}, {target.kind}, {pods}{time}"


def _nothing_to_go_to(task: Task[UsableParams], targets: tuple[Target, ...]) -> str:
    bindings = task.bindings
    if bindings.release:
        wanted = f"{bindings.release.name} is no release to go back to"
    elif task.environment.strategy == "rolling":
        wanted = "an environment with one slot goes back by applying an earlier release: name it"
    else:
        wanted = f"no pod runs in {bindings.previous}"
    others = [f"{t.release} ({t.kind})" for t in targets if t.release and t.usable]
    return f"{wanted}; there is {listed(others)}" if others else f"{wanted}, and no other release is recorded as stable"
