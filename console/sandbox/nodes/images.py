"""Images of the rehearsal: what a reference means, which digest it has, and what a container made from it runs.

A catalogue takes the place of the registries. It is kept in a file, so that several processes see one catalogue and releases can be added
while nodes run; digests are the sha256 of an image's content and never change.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

_REFERENCE = re.compile(
    r"(?P<repository>(?:[a-z0-9][a-z0-9.-]*(?::\d+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)


class ImageError(Exception):
    """An image cannot be had; `reason` is what the container waits with."""

    reason = "ErrImagePull"


class InvalidImageName(ImageError):
    """The reference cannot be read."""

    reason = "InvalidImageName"


@dataclass(frozen=True)
class ImageRef:
    """An image as a manifest writes it."""

    repository: str
    tag: str
    """Empty when only a digest was given."""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> ImageRef:
        """Read `repository[:tag][@digest]`; InvalidImageName says what is wrong."""
        found = _REFERENCE.fullmatch(text)
        if found is None:
            what = f'couldn\'t parse image name "{text}": invalid reference format'
            raise InvalidImageName(f'Failed to apply default image tag "{text}": {what}')
        digest = found["digest"] or ""
        return cls(found["repository"], found["tag"] or ("" if digest else "latest"), digest)

    def __str__(self) -> str:
        return self.repository + (f":{self.tag}" if self.tag else "") + (f"@{self.digest}" if self.digest else "")


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """What an image holds, as far as the rehearsal runs it."""

    application: bool = False
    """Runs the example application unless the container names a command; else only commands are run."""
    entrypoint: tuple[str, ...] = ()
    environment: dict[str, str] = msgspec.field(default_factory=dict)
    port: int | None = None
    """Container port it listens on where PORT is not set."""
    label: str = ""
    """Tells apart images that are otherwise the same."""

    @property
    def digest(self) -> str:
        """sha256 over the content."""
        return "sha256:" + hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()

    @property
    def size(self) -> int:
        """Bytes that a pull is said to have brought."""
        return 48_000_000 + int(self.digest[-5:], 16)


class _Catalogue(msgspec.Struct):
    """The catalogue's file."""

    images: dict[str, Image] = msgspec.field(default_factory=dict)
    """By digest; never removed."""
    tags: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    """Repository, tag, digest."""


class ImageCatalog:
    """All images there are, in a file that is read anew when it has changed."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read: tuple[int, int] = (0, 0)
        self._catalogue = _Catalogue()
        if not file.exists():
            self._write()

    def add(self, repository: str, tag: str, image: Image) -> str:
        """Push an image; a tag that exists is moved to it. The result is its digest."""
        catalogue = self._current()
        catalogue.images[image.digest] = image
        catalogue.tags.setdefault(repository, {})[tag] = image.digest
        self._write()
        return image.digest

    def remove(self, repository: str, tag: str) -> None:
        """Take a tag away; the digest stays."""
        self._current().tags.get(repository, {}).pop(tag, None)
        self._write()

    def digests(self) -> Mapping[str, Mapping[str, str]]:
        """Repository, tag, digest of everything."""
        return self._current().tags

    def find(self, ref: ImageRef) -> Image:
        """The image a reference means; ImageError with a container runtime's message when there is none."""
        catalogue = self._current()
        known = catalogue.tags.get(ref.repository)
        digest = ref.digest or (known or {}).get(ref.tag, "")
        if known is None:
            raise ImageError(
                f'rpc error: code = Unknown desc = failed to pull and unpack image "{ref}": failed to resolve reference "{ref}": '
                "pull access denied, repository does not exist or may require authorization"
            )
        if digest not in catalogue.images:
            raise ImageError(
                f'rpc error: code = NotFound desc = failed to pull and unpack image "{ref}": failed to resolve reference "{ref}": '
                f"{ref}: not found"
            )
        return catalogue.images[digest]

    def _current(self) -> _Catalogue:
        status = os.stat(self._file)
        if (status.st_mtime_ns, status.st_ino) != self._read:
            self._catalogue = msgspec.json.decode(self._file.read_bytes(), type=_Catalogue)
            self._read = (status.st_mtime_ns, status.st_ino)
        return self._catalogue

    def _write(self) -> None:
        fresh = self._file.with_name(f"{self._file.name}.{os.getpid()}.new")
        fresh.write_bytes(msgspec.json.encode(self._catalogue))
        fresh.replace(self._file)
        status = os.stat(self._file)
        self._read = (status.st_mtime_ns, status.st_ino)
