"""What an image is made of, and the tag that follows from it: contents count, places and times do not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

Files = Mapping[str, bytes]
"""Path inside the build context -> contents."""


def nothing() -> Path | None:
    """The preparation of an image whose context is only small files."""
    return None


@dataclass(frozen=True)
class Recipe:
    """One image: its Dockerfile, the small files beside it, and what is fetched or built for it beforehand.

    `pins` are the versions of what `prepare` fetches; the fetched files themselves are not hashed, since nobody wants
    to fetch them only to learn that the image is already there.
    """

    name: str
    parent: Recipe | None
    dockerfile: str
    files: Files
    pins: tuple[str, ...] = ()
    prepare: Callable[[], Path | None] = nothing
    """Makes a folder (or one file) that joins the context; called only when the image has to be built."""

    @property
    def tag(self) -> str:
        """`regionfall/NAME:HASH`, HASH being 12 hex digits over every input, the parent's included."""
        return f"regionfall/{self.name}:{self.key}"

    @property
    def key(self) -> str:
        digest = hashlib.sha256()
        for part in (self.name, self.parent.key if self.parent else "", self.dockerfile, *self.pins):
            _feed(digest, part.encode())
        for path in sorted(self.files):
            _feed(digest, path.encode())
            _feed(digest, self.files[path])
        return digest.hexdigest()[:12]


def _feed(digest: hashlib._Hash, part: bytes) -> None:
    digest.update(len(part).to_bytes(8, "big") + part)


def tree(folder: Path, prefix: str) -> dict[str, bytes]:
    """Every file below `folder` as `prefix/…`, without what Python or an editor leaves lying about."""
    return {
        f"{prefix}/{path.relative_to(folder).as_posix()}": path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and "__pycache__" not in path.parts
        and not path.name.startswith(".")
        and path.suffix != ".pyc"
    }
