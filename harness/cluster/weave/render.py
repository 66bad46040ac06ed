"""`weave`: from a project and free addresses to one Compose file. Pure: asks no engine, reads no file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import Any, Protocol

from harness.cluster.project import EXTENSION, Project
from harness.cluster.weave.addresses import Layout, Shared, lay_out
from harness.cluster.weave.borders import Borders, border_service, load_service, published_of
from harness.cluster.weave.cells import Cell, border_services, cells_of
from harness.cluster.weave.guests import Guests, Scale, unscaled, with_base
from harness.cluster.weave.text import to_yaml
from harness.cluster.weave.volumes import Volumes, render_volumes
from harness.cluster.weave.woven import Published, Woven
from harness.model.errors import InvalidFile, Problem
from harness.model.labels import (
    LABEL_DIGEST,
    LABEL_HOME,
    LABEL_LOOKED_UP,
    LABEL_PART,
    LABEL_PROJECT,
    LABEL_PUBLISHED,
    LABEL_REGION,
    LABEL_REQUESTS,
    LABEL_RUN,
    PART_BORDER,
    PART_GUEST,
    PART_LOAD,
)
from harness.model.stack import INTERNET, LOAD, Stack

_KEPT_SECTIONS = ("secrets", "configs")
_CELL_OPTIONS = {
    "com.docker.network.bridge.inhibit_ipv4": "true",
    "com.docker.network.bridge.enable_ip_masquerade": "false",
}
"""The host gets no address in the network, so the gateway address is free for the border."""


class ImageTags(Protocol):
    """Tags of this release's images."""

    @property
    def base(self) -> str:
        """What guests may build upon."""

    @property
    def border(self) -> str:
        """Image of the borders."""

    @property
    def load(self) -> str:
        """Image of the load generator."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """Everything that shapes one rendering besides the project itself."""

    home: Path
    run: str
    images: ImageTags
    environment: Mapping[str, Mapping[str, str]]
    volumes: str
    scale: Scale
    looked_up: AbstractSet[tuple[str, str]]
    requests: AbstractSet[str]


def weave(
    project: Project,
    *,
    home: Path,
    run: str,
    images: ImageTags,
    environment: Mapping[str, Mapping[str, str]] | None = None,
    volumes: str = "fresh",
    taken: Iterable[IPv4Network] = (),
    scale: Scale = unscaled,
    looked_up: AbstractSet[tuple[str, str]] = frozenset(),
    requests: AbstractSet[str] = frozenset(),
) -> Woven:
    """Render `project` with every declared call through a proxy.

    `home`: the `.regionfall` folder; `environment`: service -> variables laid over its own; `volumes`: fresh, copy or
    share; `taken`: networks that the host or the engine already use; `scale`: what becomes of `60m@clock` values;
    `looked_up`: (caller, callee) whose name must come from DNS, not from a hosts file; `requests`: ids of edges whose
    single requests can be broken (HAProxy in front).
    Raises InvalidFile for an unknown service, ClusterError when no addresses are free.
    """
    looked_up |= _shared_names(project.stack)
    wishes = Wishes(home.absolute(), run, images, environment or {}, volumes, scale, looked_up, requests)
    unknown = sorted(wishes.environment.keys() - project.config["services"].keys())
    if unknown:
        text = f"stack.environment: there is no service {unknown[0]!r} in this Compose project"
        raise InvalidFile([Problem(str(project.files[0]), 1, 1, text)])
    return _Rendering(project, wishes, tuple(taken)).woven()


def _shared_names(stack: Stack) -> frozenset[tuple[str, str]]:
    """Calls to one of several copies: a name that leads to all of them in turn can only come from DNS."""
    copies = {service.name for service in stack.services if service.copy_of}
    return frozenset((edge.caller, edge.callee) for edge in stack.edges if edge.callee in copies)


def woven_name(project: Project, home: Path) -> str:
    """`<project>-rf-<hash4>`: stable for the same files seen from the same folder, different for copies elsewhere."""
    places = [str(home.absolute()), str(project.directory), *(str(path) for path in project.files)]
    return f"{project.name}-rf-{_sha(chr(0).join(places))[:4]}"


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()


class _Rendering:
    """One rendering on its way; `woven()` is its only use."""

    def __init__(self, project: Project, wishes: Wishes, taken: tuple[IPv4Network, ...]) -> None:
        self.project, self.wishes = project, wishes
        self.stack = project.stack
        self.services: Mapping[str, Mapping[str, Any]] = project.config["services"]
        self.name = woven_name(project, wishes.home)
        self.digest = self._digest()
        self.labels = {LABEL_HOME: str(wishes.home), LABEL_RUN: wishes.run, LABEL_PROJECT: project.name}
        self.published = published_of(self.stack)
        self.front = tuple(dict.fromkeys(item.border for item in self.published))
        cells: tuple[Cell, ...] = cells_of(self.stack)
        self.layout: Layout = lay_out(self.stack, cells, front=self.front, key=self.name, taken=taken)
        self.border_names = border_services(self.stack)
        borders = Borders(self.stack, self.layout, self.published, self.services, wishes.looked_up, wishes.requests)
        self.borders = {region: borders.config(region) for region in self.stack.regions}
        self.volumes: Volumes = render_volumes(
            project.config.get("volumes") or {}, wishes.volumes, self.name, self.labels
        )

    def woven(self) -> Woven:
        """The result."""
        header = f"Rendered by regionfall from project {self.project.name}; made anew by every run, do not edit."
        services = self._services()
        document = {"name": self.name, "services": services, "networks": self._networks()}
        if self.volumes.section:
            document["volumes"] = dict(self.volumes.section)
        for key in _KEPT_SECTIONS:
            if self.project.config.get(key):
                document[key] = with_base(self.project.config[key], self.wishes.images.base)
        builds = tuple(name for name in self.services if self.services[name].get("build"))
        return Woven(
            name=self.name,
            project=self.project.name,
            home=self.wishes.home,
            run=self.wishes.run,
            directory=self.project.directory,
            text=to_yaml(document, header),
            fingerprint=self.digest,
            stack=self.stack,
            borders=self.borders,
            border_services=self.border_names,
            guests=tuple(self.services),
            load=LOAD if INTERNET in self.borders else None,
            subnets=self.layout.subnets,
            published=self.published,
            requests=frozenset(self.wishes.requests),
            looked_up=frozenset(self.wishes.looked_up),
            builds=builds,
            images={name: str(services[name]["image"]) for name in services if name not in builds},
            base=self.wishes.images.base,
            copies=self.volumes.copies,
            shared=self.volumes.shared,
            notes=(*self.project.notes, *self.volumes.notes),
            again=self._again,
        )

    def _again(self, taken: Iterable[IPv4Network]) -> Woven:
        return _Rendering(self.project, self.wishes, tuple(taken)).woven()

    def _services(self) -> dict[str, dict[str, Any]]:
        images, services = self.wishes.images, {}
        for region, config in self.borders.items():
            labels = self._part(PART_BORDER) | self._border_labels(region)
            name = self.border_names[region]
            services[name] = border_service(config, self.layout, image=images.border, labels=labels)
        if INTERNET in self.borders:
            labels = self._part(PART_LOAD)
            services[LOAD] = load_service(self.layout, self.stack, image=images.load, labels=labels)
        guests = Guests(
            services=self.services,
            layout=self.layout,
            labels=self._part(PART_GUEST),
            environment=self.wishes.environment,
            base=images.base,
            scale=self.wishes.scale,
            looked_up=self.wishes.looked_up,
        )
        return services | {name: guests.render(name) for name in self.services}

    def _part(self, part: str) -> dict[str, str]:
        return {**self.labels, LABEL_PART: part}

    def _border_labels(self, region: str) -> dict[str, str]:
        mine = [_published_wire(item) for item in self.published if item.border == region]
        text = json.dumps(mine, separators=(",", ":"))
        requests = json.dumps([edge["id"] for edge in self.borders[region]["edges"] if edge["http"]])
        asked = json.dumps(self.borders[region]["looked_up"])
        told = {LABEL_PUBLISHED: text, LABEL_REQUESTS: requests, LABEL_LOOKED_UP: asked}
        return {LABEL_REGION: region, LABEL_DIGEST: self.digest, **told}

    def _networks(self) -> dict[str, dict[str, Any]]:
        networks = {
            placed.cell.network: self._network(placed.subnet, str(placed.gateway), _CELL_OPTIONS)
            for placed in self.layout.cells
        }
        if self.layout.backbone:
            networks["backbone"] = self._shared(self.layout.backbone, _CELL_OPTIONS)
        if self.layout.front:
            networks["front"] = {"name": f"{self.name}_0front"} | self._shared(self.layout.front, {})
        return networks

    def _shared(self, shared: Shared, options: Mapping[str, str]) -> dict[str, Any]:
        return self._network(shared.subnet, str(shared.gateway), options)

    def _network(self, subnet: IPv4Network, gateway: str, options: Mapping[str, str]) -> dict[str, Any]:
        network: dict[str, Any] = {
            "driver": "bridge",
            "ipam": {"config": [{"subnet": str(subnet), "gateway": gateway}]},
            "labels": dict(self.labels),
        }
        return network | ({"driver_opts": dict(options)} if options else {})

    def _digest(self) -> str:
        images = self.wishes.images
        environment = {name: dict(values) for name, values in self.wishes.environment.items()}
        clock = self.wishes.scale("60m@clock")
        parts = [self.project.config, environment, self.wishes.volumes, clock, images.base, images.border, images.load]
        return _sha(json.dumps([*parts, self.project.config.get(EXTENSION)], sort_keys=True, default=str))[:16]


def _published_wire(item: Published) -> list[Any]:
    return [item.service, item.port, item.listen, item.protocol, item.path, item.entry]
