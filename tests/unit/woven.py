"""A project rendered without an engine, and what Compose would read out of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ruamel.yaml import YAML

from harness.cluster.compose import unescaped
from harness.cluster.project import Project, project_from
from harness.cluster.weave import Woven, weave

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
