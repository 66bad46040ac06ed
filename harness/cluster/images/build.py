"""Building one recipe with the engine's classic builder: a context made in memory, sent over the SDK."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import docker
from docker.errors import APIError, BuildError, ImageNotFound

from harness.cluster.images.recipe import Recipe
from harness.model.errors import ClusterError

_LOG_LINES = 25


def present(client: docker.DockerClient, recipe: Recipe) -> bool:
    """Whether the engine already has this recipe's image."""
    try:
        client.images.get(recipe.tag)
    except ImageNotFound:
        return False
    return True


def build(client: docker.DockerClient, recipe: Recipe, progress: Callable[[str], None]) -> None:
    """Build and tag the image; raises ClusterError with the last lines of the build log."""
    extra = recipe.prepare()
    progress(f"{recipe.name}: building {recipe.tag}")
    context = _context({"Dockerfile": recipe.dockerfile.encode(), **recipe.files}, extra)
    parent = {"PARENT": recipe.parent.tag} if recipe.parent else {}
    try:
        client.images.build(
            fileobj=context,
            custom_context=True,
            tag=recipe.tag,
            buildargs=parent,
            rm=True,
            forcerm=True,
            use_config_proxy=True,
        )
    except BuildError as error:
        raise ClusterError(f"image {recipe.tag}: {error.msg}{_tail(error)}") from error
    except APIError as error:
        raise ClusterError(f"image {recipe.tag}: the engine refused the build: {error.explanation or error}") from error


def _tail(error: BuildError) -> str:
    text = "".join(str(part.get("stream", "")) for part in error.build_log if isinstance(part, Mapping))
    return "".join(f"\n  | {line}" for line in text.splitlines()[-_LOG_LINES:])


def _context(files: Mapping[str, bytes], extra: Path | None) -> io.BytesIO:
    """A tar whose bytes depend on contents only, so that the engine's own layer cache recognises it."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(files[name]), 0o644
            archive.addfile(member, io.BytesIO(files[name]))
        if extra is not None:
            for path in sorted(extra.iterdir()):
                archive.add(path, arcname=path.name, filter=_plain)
    buffer.seek(0)
    return buffer


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if "__pycache__" in member.name:
        return None
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return member
