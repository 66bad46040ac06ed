"""Our images: a base, and for each program a slow system layer with a thin layer of our own files on top."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import harness
from harness.cluster.images import debian_base, toxiproxy, wheels
from harness.cluster.images.recipe import Recipe, tree

_HARNESS = Path(harness.__file__).parent
_CONTAINERS = _HARNESS / "containers"


@dataclass(frozen=True)
class Recipes:
    """All recipes for one architecture (Go's word: amd64, arm64)."""

    base: Recipe
    border: Recipe
    load: Recipe
    guardian: Recipe

    @property
    def tops(self) -> tuple[Recipe, ...]:
        """The images that containers are made of, each on a system layer of its own."""
        return (self.border, self.load, self.guardian)

    @property
    def in_order(self) -> tuple[Recipe, ...]:
        """Parents before children."""
        systems = tuple(top.parent for top in self.tops if top.parent is not None)
        return (self.base, *systems, *self.tops)


def recipes(architecture: str) -> Recipes:
    """Read every small input and name the images; raises ClusterError when a package that goes in is missing."""
    base = Recipe("base", None, debian_base.DOCKERFILE, {}, (debian_base.SUITE, debian_base.PACKAGES, architecture))
    border = Recipe(
        "border-system",
        base,
        _dockerfile("border", "system.Dockerfile"),
        toxiproxy.client_files(),
        (toxiproxy.MODULE, toxiproxy.LINK_FLAGS),
        lambda: toxiproxy.server(architecture),
    )
    requirements = _CONTAINERS / "load" / "requirements.txt"
    load = Recipe(
        "load-system",
        base,
        _dockerfile("load", "system.Dockerfile"),
        {},
        (requirements.read_text(encoding="utf-8"),),
        lambda: wheels.site(requirements, architecture),
    )
    guardian = Recipe("guardian-system", base, _dockerfile("guardian", "system.Dockerfile"), {})
    border, load = _program("border", border, "probe"), _program("load", load)
    return Recipes(base, border, load, _program("guardian", guardian))


def _dockerfile(room: str, name: str) -> str:
    return (_CONTAINERS / room / name).read_text(encoding="utf-8")


def _program(room: str, system: Recipe, *others: str) -> Recipe:
    """The thin image: `harness.model` and programs of `harness.containers`, under `program/` in the context."""
    prefix = "program/harness"
    files = {
        f"{prefix}/__init__.py": (_HARNESS / "__init__.py").read_bytes(),
        **tree(_HARNESS / "model", f"{prefix}/model"),
    }
    for path in sorted(_CONTAINERS.glob("*.py")):
        files[f"{prefix}/containers/{path.name}"] = path.read_bytes()
    programs: dict[str, bytes] = {}
    for name in (room, *others):
        programs |= tree(_CONTAINERS / name, f"{prefix}/containers/{name}")
    left_out = ("Dockerfile", "requirements.txt", "requirements.in")
    files |= {name: content for name, content in programs.items() if not name.endswith(left_out)}
    return Recipe(room, system, _dockerfile(room, "Dockerfile"), files)
