"""Our container images, built by code inside the wheel and named after their contents."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import docker

from harness.cluster.cache import locked
from harness.cluster.engine import connect
from harness.cluster.images import debian_base
from harness.cluster.images.build import build, present
from harness.cluster.images.recipe import Recipe
from harness.cluster.images.recipes import Recipes, recipes

__all__ = ["Images", "ensure_images", "expected_images", "missing_images"]

_BUILD_PATIENCE_S = 600.0


@dataclass(frozen=True)
class Images:
    """Tags of the images a rendered project uses."""

    base: str
    border: str
    load: str
    guardian: str


def ensure_images(progress: Callable[[str], None]) -> Images:
    """The images for this version of our files, built where the engine lacks them.

    `progress` gets one line per step, from any thread but never two at once. Raises ClusterError.
    """
    client = connect(timeout_s=_BUILD_PATIENCE_S)
    wanted = recipes(_architecture(client))
    if _missing(client, wanted):
        with locked("images"):
            missing = _missing(client, wanted)  # somebody else may have built them while we waited
            if missing:
                _build_all(client, wanted, missing, _serial(progress))
    return _tags(wanted)


def expected_images(client: docker.DockerClient) -> Images:
    """The tags that belong to this version of our files, whether they are built or not."""
    wanted = recipes(_architecture(client))
    return _tags(wanted)


def _tags(wanted: Recipes) -> Images:
    return Images(wanted.base.tag, wanted.border.tag, wanted.load.tag, wanted.guardian.tag)


def missing_images(client: docker.DockerClient) -> list[str]:
    """Tags that `ensure_images` would have to build now."""
    return [recipe.tag for recipe in _missing(client, recipes(_architecture(client)))]


def _architecture(client: docker.DockerClient) -> str:
    return str(client.version().get("Arch", "amd64"))


def _missing(client: docker.DockerClient, wanted: Recipes) -> list[Recipe]:
    """What is to be made. Whatever an image was made from is not needed once it is there (it may have been carried)."""
    absent = [recipe for recipe in wanted.in_order if not present(client, recipe)]
    served = [top.parent for top in wanted.tops if top not in absent]
    return [recipe for recipe in absent if recipe not in served]


def _build_all(
    client: docker.DockerClient, wanted: Recipes, missing: list[Recipe], progress: Callable[[str], None]
) -> None:
    """Fetch what the missing images need while the base is made, then build the towers side by side."""
    with ThreadPoolExecutor(max_workers=4, thread_name_prefix="images") as pool:
        jobs: list[Future[Any]] = [pool.submit(recipe.prepare) for recipe in missing if recipe is not wanted.base]
        if wanted.base in missing:
            _build_base(client, wanted.base, progress)
        towers = [[r for r in (top.parent, top) if r in missing] for top in wanted.tops]
        jobs += [pool.submit(_build_tower, tower, progress) for tower in towers if tower]
        for job in jobs:
            job.result()


def _build_base(client: docker.DockerClient, base: Recipe, progress: Callable[[str], None]) -> None:
    progress(f"base: making {base.tag}")
    if debian_base.pulled(client):
        build(client, base, progress)
    else:
        debian_base.assemble(client, base.tag, base.pins[-1], progress)


def _build_tower(tower: Iterable[Recipe | None], progress: Callable[[str], None]) -> None:
    client = connect(timeout_s=_BUILD_PATIENCE_S)
    for recipe in tower:
        if recipe is not None:
            build(client, recipe, progress)


def _serial(progress: Callable[[str], None]) -> Callable[[str], None]:
    lock = threading.Lock()

    def report(line: str) -> None:
        with lock:
            progress(line)

    return report
