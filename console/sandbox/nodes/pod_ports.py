"""The ports of one pod: container ports, and the loopback ports that stand for them for as long as the pod has its address."""

from __future__ import annotations

from console.sandbox import network
from console.sandbox.network import PodNetwork
from console.sandbox.nodes.objects import Pod
from console.sandbox.ports import ReservedPort, reserve_port


class PodPorts:
    """One pod's address and what is reachable there."""

    def __init__(self, pod: Pod, address: str, pods: PodNetwork) -> None:
        self.address = address
        self._owner = network.Pod(pod.metadata.namespace, pod.name)
        self._network = pods
        self._reserved: dict[int, ReservedPort] = {}

    def open(self, port: int, *, shared: bool) -> int:
        """The loopback port for a container port; `shared` when the process binds it with SO_REUSEPORT, beside the reservation."""
        if port not in self._reserved:
            self._reserved[port] = reserve_port()
            self._network.attach(self.address, {port: self._reserved[port].number}, pod=self._owner)
        if not shared:
            self._reserved[port].release()
        return self._reserved[port].number

    def numbers(self) -> dict[int, int]:
        """Container ports and their loopback ports."""
        return {port: reserved.number for port, reserved in self._reserved.items()}

    def close(self) -> None:
        """Give address and ports back."""
        self._network.detach(self.address)
        for reserved in self._reserved.values():
            reserved.release()
