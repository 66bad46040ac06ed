"""A part of a Compose project: the services that are wanted and everything that they can call, by its labels."""

from __future__ import annotations

import copy
from collections.abc import Collection, Iterable, Mapping
from typing import Any

CALLS = "regionfall.calls"
Project = dict[str, Any]


def callees(service: Mapping[str, Any]) -> list[str]:
    """Names in the label of calls: `db:5432#bridge idp:80` -> db, idp."""
    return [call.partition(":")[0] for call in service.get("labels", {}).get(CALLS, "").split()]


def below(services: Mapping[str, Mapping[str, Any]], wanted: Iterable[str]) -> set[str]:
    """`wanted`, and all that they call or start after, directly or through others. KeyError for an unknown name."""
    seen: set[str] = set()
    waiting = list(wanted)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += [*callees(services[name]), *services[name].get("depends_on", ())]
    return seen


def narrowed(service: Mapping[str, Any], only: Collection[str]) -> dict[str, Any]:
    """The service with no other calls than those to `only`."""
    changed = copy.deepcopy(dict(service))
    calls = changed["labels"][CALLS].split()
    changed["labels"][CALLS] = " ".join(call for call in calls if call.partition(":")[0] in only)
    return changed


def pruned(project: Project, wanted: Iterable[str], *, only: Mapping[str, Collection[str]], context: str) -> Project:
    """The project with `wanted` and everything below; services in `only` call nothing else than what it says.

    The service that builds the image is kept, and builds from the folder `context`.
    """
    services = {
        name: narrowed(service, only[name]) if name in only else copy.deepcopy(service)
        for name, service in project["services"].items()
    }
    builders = [name for name, service in services.items() if "build" in service]
    kept = below(services, [*wanted, *builders])
    for name in builders:
        services[name]["build"]["context"] = context
    # a service of its own carries the labels that it was written with, and nothing of the anchors
    rest = {key: value for key, value in project.items() if key != "x-mock"}
    return {**rest, "services": {name: service for name, service in services.items() if name in kept}}
