"""Getting a container's image: what is said while it works and while it does not."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from console.sandbox.nodes.backoff import Backoff
from console.sandbox.nodes.host import Host
from console.sandbox.nodes.images import Image, ImageError, ImageRef
from console.sandbox.nodes.objects import Container, Pod
from console.sandbox.nodes.status import Waiting

FIRST_SEEN = 1.0
"""Seconds for which the error itself is shown before the back-off is; shortened like the back-off."""

Pause = Callable[[float], Awaitable[bool]]
"""Waits; false when the wait was cut short because the container is not wanted any more."""


@dataclass(frozen=True)
class Pulled:
    """An image that is there."""

    image: Image
    image_id: str
    """`repository@digest`, as statuses show it."""


@dataclass(frozen=True, kw_only=True)
class Puller:
    """Pulls the image of one container."""

    host: Host
    pod: Pod
    container: Container
    wait_with: Callable[[Waiting], None]
    """Says what the container waits for."""
    pause: Pause

    async def pull(self) -> Pulled | None:
        """Try until the image is there; None when the container is not wanted any more."""
        backoff = Backoff(self.host.shared.backoff_scale)
        while True:
            try:
                return self._once()
            except ImageError as error:
                backoff = backoff.retried(time.monotonic())
                self._failed(error)
                if not await self._back_off(error, backoff):
                    return None

    def _once(self) -> Pulled:
        text = self.container.image
        ref = ImageRef.parse(text)
        image = self.host.shared.catalogue.find(ref)
        pulled = Pulled(image, f"{ref.repository}@{image.digest}")
        policy, present = self.container.image_pull_policy, image.digest in self.host.present
        if present and policy != "Always":
            self._say("Pulled", f'Container image "{text}" already present on machine')
        elif policy == "Never":
            raise _NeverPulled(f'Container image "{text}" is not present with pull policy of Never')
        else:
            self._say("Pulling", f'Pulling image "{text}"')
            self.host.present.add(image.digest)
            self._say("Pulled", f'Successfully pulled image "{text}" in 0ms (0ms including waiting). Image size: {image.size} bytes.')
        return pulled

    def _failed(self, error: ImageError) -> None:
        warn = self.host.events.warning
        if error.reason == ImageError.reason:
            self._say("Pulling", f'Pulling image "{self.container.image}"')
            warn(self.pod, "Failed", f'Failed to pull image "{self.container.image}": {error}', container=self.container.name)
        else:
            warn(self.pod, error.reason, str(error), container=self.container.name)
        warn(self.pod, "Failed", f"Error: {error.reason}", container=self.container.name)
        self.wait_with(Waiting(error.reason, str(error)))

    async def _back_off(self, error: ImageError, backoff: Backoff) -> bool:
        """Show the error, then the back-off; false when the container is not wanted any more."""
        first = min(FIRST_SEEN * backoff.scale, backoff.current / 2)
        if not await self.pause(first):
            return False
        if error.reason == ImageError.reason:
            text = f'Back-off pulling image "{self.container.image}"'
            self._say("BackOff", text)
            self.wait_with(Waiting("ImagePullBackOff", f"{text}: ErrImagePull: {error}"))
        return await self.pause(backoff.current - first)

    def _say(self, reason: str, message: str) -> None:
        self.host.events.normal(self.pod, reason, message, container=self.container.name)


class _NeverPulled(ImageError):
    reason = "ErrImageNeverPull"
