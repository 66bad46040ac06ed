"""One guest's service in the rendered file: everything that is the user's stays, only the way to others changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from harness.cluster.compose import BASE_TOKEN
from harness.cluster.refusals import extra_hosts
from harness.cluster.weave.addresses import Layout

CLOCK_SUFFIX = "@clock"

_DROPPED = (
    "container_name",
    "develop",
    "external_links",
    "extra_hosts",
    "links",
    "mac_address",
    "network_mode",
    "networks",
    "ports",
    "profiles",
    "pull_policy",
    "scale",
)
"""Replaced, or without meaning in a file that holds exactly the active services."""

Scale = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Guests:
    """Renders guests of one project."""

    services: Mapping[str, Mapping[str, Any]]
    layout: Layout
    labels: Mapping[str, str]
    environment: Mapping[str, Mapping[str, str]]
    base: str
    scale: Scale
    looked_up: AbstractSet[tuple[str, str]] = frozenset()
    """(caller, callee) whose name must come from DNS: a name in a hosts file can never stop resolving."""

    def render(self, name: str) -> dict[str, Any]:
        """The service as it goes into the rendered file."""
        source = self.services[name]
        service = {key: with_base(value, self.base) for key, value in source.items() if key not in _DROPPED}
        home = self.layout.home(name)
        options: dict[str, Any] = {"ipv4_address": str(home.guest(name))}
        aliases = [alias for alias in names_of(name, source) if alias != name]
        if aliases:
            options["aliases"] = aliases
        service["networks"] = {home.cell.network: options}
        hosts = self.hosts(name)
        if hosts:
            service["extra_hosts"] = hosts
        # Everything that is in no hosts file is asked from the border; the machine's own search list would make a
        # guest's look-ups depend on where it runs.
        service["dns"] = [str(home.gateway)]
        service.setdefault("dns_search", ["."])
        environment = self.variables(name, service.get("environment") or {})
        if environment:
            service["environment"] = environment
        service["labels"] = {**(service.get("labels") or {}), **self.labels}
        return service

    def variables(self, name: str, own: Mapping[str, Any]) -> dict[str, Any]:
        """The service's variables with the experiment's laid over them, and `…@clock` lifetimes scaled."""
        merged = {**own, **self.environment.get(name, {})}
        return {key: self.scaled(value) for key, value in merged.items()}

    def scaled(self, value: Any) -> Any:
        """A `60m@clock` value as the guest gets it; anything else unchanged."""
        is_clock = isinstance(value, str) and value.endswith(CLOCK_SUFFIX)
        return self.scale(value) if is_clock else value

    def hosts(self, name: str) -> list[str]:
        """`extra_hosts`: the user's own win, then declared callees, then everybody else (blocked by name).

        Callees that are looked up are left out: their names, and only theirs, come from DNS.
        """
        own = extra_hosts(self.services[name])
        known = {_host(entry) for entry in own} | {name}
        known |= {alias for caller, callee in self.looked_up if caller == name for alias in self.aliases(name, callee)}
        mates = self.layout.home(name).cell.members
        others = [other for other in self.services if other not in mates]
        declared = [other for other in others if (name, other) in self.layout.edges]
        found: dict[str, str] = {}
        for other in (*declared, *(other for other in others if other not in declared)):
            address = str(self.layout.edges.get((name, other)) or self.layout.names[other])
            for alias in self.aliases(name, other):
                if alias not in known:
                    found.setdefault(alias, address)
        return [*own, *(f"{alias}:{address}" for alias, address in found.items())]

    def aliases(self, name: str, other: str) -> list[str]:
        """Every name under which this service knows another one."""
        links = link_names(self.services[name])
        return [*names_of(other, self.services[other]), *(alias for alias, target in links.items() if target == other)]


def names_of(name: str, service: Mapping[str, Any]) -> list[str]:
    """Every name under which other services know this one, its service name first."""
    names = [name, service.get("container_name"), service.get("hostname")]
    for options in (service.get("networks") or {}).values():
        names += (options or {}).get("aliases") or []
    return list(dict.fromkeys(str(item) for item in names if item))


def link_names(service: Mapping[str, Any]) -> dict[str, str]:
    """Names that the old key `links` gives to other services, for this one only: name -> service."""
    pairs = (str(link).partition(":") for link in service.get("links") or ())
    return {alias: target for target, _, alias in pairs if alias}


def _host(entry: str) -> str:
    return entry.replace("=", ":", 1).split(":", 1)[0]


def with_base(value: Any, base: str) -> Any:
    """`value` with the image of this release where the user's file says `${REGIONFALL_BASE}`."""
    if isinstance(value, str):
        return value.replace(BASE_TOKEN, base)
    if isinstance(value, Mapping):
        return {key: with_base(item, base) for key, item in value.items()}
    if isinstance(value, list):
        return [with_base(item, base) for item in value]
    return value


def unscaled(value: str) -> str:
    """The clock of a run without an incident: `60m@clock` is 60 minutes."""
    return value.removesuffix(CLOCK_SUFFIX)
