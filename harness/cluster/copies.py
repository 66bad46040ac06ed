"""Several copies of one service (`deploy.replicas`, `scale`) become services of their own. Pure.

Each copy gets a cell and proxies of its own, so that a fault can strike one of them and spare the others; the name that
they share leads to all of them in turn, as the engine's own name server has it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from harness.cluster.refusals import Refusal

Config = Mapping[str, Any]
Copies = Mapping[str, tuple[str, ...]]
"""Service as the file has it -> the services that stand for its copies."""

_ENTRY = "regionfall.entry"


def copies_of(config: Config) -> dict[str, tuple[str, ...]]:
    """Every service that runs more than once, with the names of its copies: `orders` -> `orders-1`, `orders-2`."""
    found = {}
    for name, service in (config.get("services") or {}).items():
        if (count := copies(service)) > 1:
            found[name] = tuple(f"{name}-{number}" for number in range(1, count + 1))
    return found


def copies(service: Mapping[str, Any]) -> int:
    """How many containers Compose would start of it; 1 where the file says nothing."""
    deploy = service.get("deploy") or {}
    asked = [service.get("scale"), deploy.get("replicas")]
    return next((int(count) for count in asked if count is not None), 1)


def refused_copies(config: Config, many: Copies) -> Iterator[Refusal]:
    """What cannot be done with copies, at the key that asks for it."""
    services: Mapping[str, Mapping[str, Any]] = config.get("services") or {}
    for name, names in many.items():
        if taken := [one for one in names if one in services]:
            text = f"service {name!r}: its copy {taken[0]!r} would have the name of another service; rename that one"
            yield Refusal(("services", name), text)
        if _ENTRY in (services[name].get("labels") or {}):
            hint = "put the entry on the service that spreads requests over them"
            text = f"service {name!r}, label {_ENTRY}: {len(names)} copies cannot be an entry; {hint}"
            yield Refusal(("services", name, "labels", _ENTRY), text)
    for name, service in services.items():
        for key, target in _bound(service):
            if target in many:
                text = f"{key} to {target!r}, which has {len(many[target])} copies, is not handled; use the name alone"
                yield Refusal(("services", name, key), f"service {name!r}: {text}")


def _bound(service: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(key, service) of everything that ties a service to exactly one container of another."""
    for key in ("links", "volumes_from"):
        for word in service.get(key) or ():
            yield key, str(word).partition(":")[0]


def spread_out(config: Config, many: Copies) -> Config:
    """The project with every copy as a service of its own; the same object when nothing runs twice."""
    if not many:
        return config
    services: dict[str, Any] = {}
    for name, service in config["services"].items():
        waiting = _waiting_for_all(service, many)
        if name not in many:
            services[name] = waiting
            continue
        for one in many[name]:
            services[one] = _single(waiting, name)
    return {**config, "services": services}


def _single(service: Mapping[str, Any], name: str) -> dict[str, Any]:
    """One copy: known by the shared name as well."""
    deploy = {key: value for key, value in (service.get("deploy") or {}).items() if key != "replicas"}
    networks = {key: _also_called(options or {}, name) for key, options in (service.get("networks") or {}).items()}
    rest = {key: value for key, value in service.items() if key not in ("scale", "deploy", "networks")}
    return rest | ({"deploy": deploy} if deploy else {}) | {"networks": networks or {"default": _also_called({}, name)}}


def _also_called(options: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {**options, "aliases": [*(options.get("aliases") or ()), name]}


def _waiting_for_all(service: Mapping[str, Any], many: Copies) -> dict[str, Any]:
    """Whoever waits for a service waits for all its copies."""
    found = dict(service)
    if waits := service.get("depends_on"):
        found["depends_on"] = {one: how for name, how in waits.items() for one in many.get(name, (name,))}
    return found


def told(many: Copies) -> Iterator[str]:
    """What is different for people, one sentence a service."""
    for name, names in many.items():
        text = f"its {len(names)} copies run as services {names[0]} to {names[-1]}, each behind proxies of its own"
        yield f"{name}: {text}; the name {name} leads to all of them in turn"
