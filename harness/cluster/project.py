"""A user's Compose project with its `regionfall.*` labels: the stack that experiments speak of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from harness.cluster.compose import compose_files, read_config
from harness.cluster.copies import Copies, copies_of, refused_copies, spread_out, told
from harness.cluster.places import Places
from harness.cluster.refusals import changes, refusals
from harness.model.errors import InvalidFile, Problem
from harness.model.stack import INTERNET, LOAD, Edge, Service, Stack
from harness.spec.labels import PREFIX, Call, ParsedLabels, TopLevel, parse_labels, parse_top_level
from harness.spec.suggest import did_you_mean

EXTENSION = "x-regionfall"


@dataclass(frozen=True, slots=True)
class Project:
    """One Compose project, read.

    `config` is Compose's merged answer with literal `$`, copies of one service as services of their own.
    """

    name: str
    directory: Path
    files: tuple[Path, ...]
    config: Mapping[str, Any]
    stack: Stack
    notes: tuple[str, ...] = ()
    """What is different in the rendered copy, for people."""


def read_project(
    files: Sequence[Path] | None,
    *,
    project: str | None = None,
    directory: Path,
    environ: Mapping[str, str],
    profiles: Sequence[str] = (),
) -> Project:
    """Read a Compose project; needs the Compose CLI, not a running engine.

    `files` as with `-f` (none: `COMPOSE_FILE`, else as Compose finds them in `directory`); relative ones count from
    `directory`. Raises InvalidFile with every problem at its line and column.
    """
    paths = compose_files(files or (), directory, environ)
    config, warnings = read_config(paths, project=project, directory=directory, environ=environ, profiles=profiles)
    return project_from(config, paths, directory=directory, warnings=warnings)


def project_from(
    config: Mapping[str, Any], paths: Sequence[Path], *, directory: Path, warnings: Sequence[str] = ()
) -> Project:
    """The project out of Compose's merged answer; `paths` are only looked into for the places of problems."""
    many = copies_of(config)
    reader = _Reader(spread_out(config, many), Places(paths), many)
    for refusal in refused_copies(config, many):
        reader.refuse(refusal.path, refusal.message)
    stack = reader.stack(tuple(str(path) for path in paths))
    if reader.problems:
        raise InvalidFile(list(dict.fromkeys(reader.problems)))
    notes = tuple(dict.fromkeys((*warnings, *changes(config), *told(many), *reader.notes)))
    return Project(str(config["name"]), directory.absolute(), tuple(paths), reader.config, stack, notes)


def limited_volumes(volumes: Mapping[str, Any]) -> frozenset[str]:
    """Keys of the volumes that live in memory with a limit of their own size: nothing else is full when they are."""
    found = set()
    for key, spec in volumes.items():
        options = (spec or {}).get("driver_opts") or {}
        in_memory = options.get("type") == "tmpfs" and "size=" in str(options.get("o", ""))
        if in_memory and not (spec or {}).get("external"):
            found.add(str(key))
    return frozenset(found)


class _Reader:
    """Builds the stack out of labels; collects every problem with its place on the way."""

    def __init__(self, config: Mapping[str, Any], places: Places, many: Copies) -> None:
        self.config, self.places, self.many = config, places, many
        self.written = {one: name for name, names in many.items() for one in names}
        """Copy -> the service as the user's file has it."""
        self.services: Mapping[str, Mapping[str, Any]] = config.get("services") or {}
        self.problems: list[Problem] = []
        self.notes: list[str] = []

    def stack(self, files: tuple[str, ...]) -> Stack:
        """The whole stack, entry edges included."""
        if not self.services:
            self.refuse((), "this Compose project has no (active) service; add one, or activate a profile")
        for refusal in refusals(self.config):
            self.refuse(refusal.path, refusal.message)
        parsed = {name: self.labels(name) for name in self.services}
        services = {name: self.service(name, item) for name, item in parsed.items()}
        self.groups(services)
        edges = [edge for name, item in parsed.items() for edge in self.edges(services, name, item.calls)]
        entries = [_entry_edge(service) for service in services.values() if service.entry]
        top = self.top(services)
        if not entries:
            self.notes.append("no service has an entry label: there is no way in for the load")
        return Stack(
            project=str(self.config.get("name", "")),
            services=tuple(services.values()),
            edges=tuple(edges) + tuple(entries),
            rtt_s=top.rtt,
            files=files,
            protected_at=tuple((name, self.label_place(name, "protect")) for name, s in services.items() if s.protect),
        )

    def label_place(self, service: str, label: str) -> str:
        """`file:line` of one of our labels."""
        path = self._as_written(("services", service, "labels", f"{PREFIX}{label}"))
        found = self.places.problem(path, "")
        return f"{found.file}:{found.line}"

    def refuse(self, path: Sequence[str], message: str) -> None:
        """Remember a problem at the place of `path` in the user's files."""
        self.problems.append(self.places.problem(self._as_written(path), message))

    def _as_written(self, path: Sequence[str]) -> Sequence[str]:
        if len(path) > 1 and path[0] == "services":
            return (path[0], self.written.get(path[1], path[1]), *path[2:])
        return path

    def labels(self, name: str) -> ParsedLabels:
        """One service's labels; each problem at the label that it names."""
        labels = {str(key): str(value) for key, value in (self.services[name].get("labels") or {}).items()}
        parsed = parse_labels(name, labels)
        ours = sorted((key for key in labels if key.startswith(PREFIX)), key=len, reverse=True)
        for message in parsed.problems:
            label = next((key for key in ours if f"label {key}:" in message), None)
            self.refuse(("services", name, *(("labels", label) if label else ())), message)
        return parsed

    def service(self, name: str, parsed: ParsedLabels) -> Service:
        """The service with the ports that its file publishes, and the volume of its own that can be full."""
        ports = self.services[name].get("ports") or ()
        published = dict.fromkeys(int(port["target"]) for port in ports if port.get("protocol", "tcp") == "tcp")
        limited = limited_volumes(self.config.get("volumes") or {})
        mounted = [mount.get("source") for mount in self.services[name].get("volumes") or ()]
        disk = next((str(volume) for volume in mounted if volume in limited), "")
        copy_of = self.written.get(name, "")
        return replace(parsed.service, published=tuple(published), disk=disk, copy_of=copy_of)

    def groups(self, services: Mapping[str, Service]) -> None:
        """Services that talk freely must live in one region: nothing between them could be cut."""
        groups: dict[str, list[Service]] = {}
        for service in services.values():
            if service.together:
                groups.setdefault(service.together, []).append(service)
        for group, members in groups.items():
            odd = [member for member in members if member.region != members[0].region]
            for member in odd:
                text = f"region {member.region!r} differs from {members[0].region!r} of {members[0].name!r}"
                path = ("services", member.name, "labels", f"{PREFIX}together")
                self.refuse(path, f"service {member.name!r}, group {group!r}: {text}; one group lives in one region")
            names = ", ".join(member.name for member in members)
            self.notes.append(f"traffic among {names} (together: {group}) is not proxied: no fault can reach it")

    def edges(self, services: Mapping[str, Service], name: str, calls: Sequence[Call]) -> Iterator[Edge]:
        """The declared dependencies of one service that lead through a proxy."""
        caller = services[name]
        for call in self.to_each(calls, caller):
            callee = services.get(call.callee)
            if callee is None:
                self.impossible(name, call, services)
            elif caller.together and caller.together == callee.together:
                self.notes.append(f"{name} -> {call.callee}:{call.port} is inside {caller.together!r}: not proxied")
            else:
                regions = caller.region, callee.region
                yield Edge(
                    name, call.callee, call.port, call.tag, *regions, http=call.proto == "http", udp=call.proto == "udp"
                )

    def to_each(self, calls: Sequence[Call], caller: Service) -> Iterator[Call]:
        """A call to a service that runs several times is one to each of its copies."""
        for call in calls:
            copies = self.many.get(call.callee, ())
            if copies and call.proto == "udp":
                self.odd_call(caller.name, call, "UDP to one of several copies is not handled yet; name one of them")
            elif copies and caller.copy_of == call.callee and not caller.together:
                self.odd_call(caller.name, call, "copies that call each other need a word for `together` in common")
            else:
                yield from (replace(call, callee=one) for one in copies or (call.callee,) if one != caller.name)

    def odd_call(self, name: str, call: Call, text: str) -> None:
        """A call that copies stand in the way of."""
        label, written = f"{PREFIX}calls", self.written.get(name, name)
        text = f"service {written!r}, label {label}: {call.callee}:{call.port}: {text}"
        self.refuse(("services", name, "labels", label), text)

    def impossible(self, name: str, call: Call, services: Mapping[str, Service]) -> None:
        """Why this call cannot be an edge."""
        word, hint = f"{call.callee}:{call.port}", "leave it out (the traffic is then blocked and listed)"
        if call.external:
            text = f"{word}: hosts outside the project are not handled yet; {hint}"
        else:
            known = sorted({*services, *self.many})
            text = f"{word}: there is no service {call.callee!r}; {did_you_mean(call.callee, known)}"
        label = f"{PREFIX}calls"
        self.refuse(("services", name, "labels", label), f"service {name!r}, label {label}: {text}")

    def top(self, services: Mapping[str, Service]) -> TopLevel:
        """`x-regionfall`, with what this release does not handle refused by name."""
        top = parse_top_level(self.config.get(EXTENSION))
        for message in top.problems:
            self.refuse((EXTENSION,), message)
        regions = dict.fromkeys(service.region for service in services.values())
        for first, second, _ in top.rtt:
            for region in (first, second):
                if region not in regions and region != INTERNET:
                    text = f"{EXTENSION}.rtt: no service lives in region {region!r}; {did_you_mean(region, regions)}"
                    self.refuse((EXTENSION, "rtt", f"{first}~{second}"), text)
        if top.engines:
            self.refuse((EXTENSION, "engines"), f"{EXTENSION}.engines: several engines are not handled yet; remove it")
        if top.allow_egress:
            text = f"{EXTENSION}.allow-egress: hosts outside the project are not handled yet; remove it"
            self.refuse((EXTENSION, "allow-egress"), text)
        return top


def _entry_edge(service: Service) -> Edge:
    assert service.entry is not None
    http = service.entry.protocol == "http"
    return Edge(LOAD, service.name, service.entry.port, "", INTERNET, service.region, http=http)
