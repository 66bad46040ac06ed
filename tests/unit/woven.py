"""A project rendered without an engine, and what Compose would read out of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ruamel.yaml import YAML

from harness.cluster.compose import unescaped
from harness.cluster.project import Project, project_from
from harness.cluster.weave import Woven, weave
from harness.model.errors import InvalidFile

HOME = Path("/home/you/shop/.regionfall")
IMAGES = SimpleNamespace(base="regionfall/base:b", border="regionfall/border:x", load="regionfall/load:l")


def project_of(services: Mapping[str, Any], **top: Any) -> Project:
    config = {"name": "shop", "services": services, **top}
    return project_from(config, [Path("/shop/compose.yaml")], directory=Path("/shop"))


def service(region: str = "east", **keys: Any) -> dict[str, Any]:
    labels = {"regionfall.region": region, **keys.pop("labels", {})}
    return {"image": "app", "labels": labels, **keys}


def woven_of(project: Project, **wishes: Any) -> Woven:
    return weave(project, home=HOME, run="r1", images=IMAGES, **wishes)


def rendered(woven: Woven) -> dict[str, Any]:
    """What Compose reads out of the rendered text."""
    return dict(unescaped(YAML(typ="safe", pure=True).load(woven.text)))


def read(tmp_path: Path, text: str) -> Project:
    """The project that Compose would make of this file: labels as mapping, as `config` prints them."""
    path = tmp_path / "compose.yaml"
    path.write_text(text)
    config: dict[str, Any] = {"name": "shop", **YAML(typ="safe", pure=True).load(text)}
    for service in config["services"].values():
        labels = service.get("labels") or {}
        if isinstance(labels, list):
            service["labels"] = dict(label.split("=", 1) for label in labels)
    return project_from(config, [path], directory=tmp_path)


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        read(tmp_path, text)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]
