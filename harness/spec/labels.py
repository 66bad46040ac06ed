"""`regionfall.*` labels of one Compose service, and the top-level key `x-regionfall` -> values and all problems.

Labels describe a service: where it lives, whom it calls, where clients come in. A label that this file does not know
is a problem, not a comment: a mistyped `regionfall.cals` would silently take an edge out of every fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from harness.model.stack import INTERNET, LOAD, NO_REGION, Entry, Flags, Service
from harness.spec.durations import parse_duration, shown
from harness.spec.suggest import did_you_mean

PREFIX = "regionfall."

LABELS: dict[str, str] = {
    "region": "The region that the service lives in, as `us-east-1`. Without it: `local`.",
    "role": "What the service is, for targets like `role:datastore`.",
    "calls": "Whom it calls: `orders:8080 db:5432#bridge dns:53/udp api.example.com:443` (`#tag` names an edge class; "
    "`orders:8080/http` says that HTTP is spoken there, so that single requests can be broken).",
    "entry": "Where clients come in: `8080/http/shop` = container port, protocol (http or tcp), path asked by default.",
    "protect": '"true": no fault may select the service or an edge into it.',
    "together": "Services with the same word here may talk freely among themselves (gossip); no proxy between them.",
    "flags": "Where it can be told to misbehave: `8080/__faults` (PUT the wished flags, GET reads them back).",
    "title": "Name for reports.",
    "strategy": "How it is built to survive, in a few words for reports.",
    "expected": "What is expected of it when things break: survived, slow, degraded, down or unaffected.",
    "like": "The real system that it stands for, for reports.",
}
"""Every label without its prefix, with what it means (shown by `explain labels`)."""

EXPECTED = ("survived", "slow", "degraded", "down", "unaffected")
PROTOCOLS = ("tcp", "http", "udp")
"""`http` is TCP whose requests can be struck one by one."""
ENTRY_PROTOCOLS = ("http", "tcp")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_CALL = re.compile(r"(?P<host>[^\s:#/]+):(?P<port>\d+)(?:/(?P<proto>[^#/]*))?(?:#(?P<tag>.*))?")
_PATH = re.compile(r"(?P<port>\d+)(?P<path>/\S*)")
_ENTRY = re.compile(r"(?P<port>\d+)(?:/(?P<proto>[^/\s]*)(?P<path>/\S*)?)?")


@dataclass(frozen=True, slots=True)
class Call:
    """One declared dependency. `callee` is a service, or a host outside (`external`); `proto` is tcp, http or udp."""

    callee: str
    port: int
    tag: str = ""
    proto: str = "tcp"

    @property
    def external(self) -> bool:
        """Whether the name can only be a host outside the project: Compose service names with a dot are unusual."""
        return "." in self.callee


@dataclass(frozen=True, slots=True)
class ParsedLabels:
    """What the labels of one service say. `service.published` is left empty: it is not in the labels."""

    service: Service
    calls: tuple[Call, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TopLevel:
    """`x-regionfall` of a Compose file. `rtt`: (region, region, seconds of round trip); `engines`: region, context."""

    rtt: tuple[tuple[str, str, float], ...] = ()
    engines: tuple[tuple[str, str], ...] = ()
    allow_egress: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


def parse_labels(service: str, labels: Mapping[str, str]) -> ParsedLabels:
    """All `regionfall.*` labels of `service`; other labels are ignored. Never raises: see `.problems`."""
    ours = {k: str(v).strip() for k, v in labels.items() if k.startswith(PREFIX)}
    reader = _Reader(service, {k.removeprefix(PREFIX): v for k, v in ours.items()})
    if service == LOAD:
        reader.problems.append(f"service {service!r}: this name is taken by the load generator; rename the service")
    parsed = Service(
        name=service,
        region=reader.region(),
        role=reader.name("role"),
        entry=reader.entry(),
        flags=reader.flags(),
        protect=reader.protect(),
        together=reader.name("together"),
        labels=tuple(sorted(ours.items())),
    )
    if parsed.role == "dependent" and parsed.flags is not None:
        reader.problem("flags", "a dependent is broken through what it depends on, never told to; remove the label")
    calls = reader.calls()
    reader.words()
    return ParsedLabels(parsed, calls, tuple(reader.problems))


class _Reader:
    """Reads one service's labels (prefix removed) and collects problems on the way."""

    def __init__(self, service: str, values: dict[str, str]) -> None:
        self.service, self.values = service, values
        self.problems: list[str] = []

    def problem(self, label: str, message: str) -> None:
        """Remember a problem at this service's label."""
        self.problems.append(f"service {self.service!r}, label {PREFIX}{label}: {message}")

    def words(self) -> None:
        """Unknown label names, and `expected` outside its words."""
        for label in self.values:
            if label not in LABELS:
                known = [PREFIX + name for name in LABELS]
                self.problem(label, f"unknown label; {did_you_mean(PREFIX + label, known)}")
        expected = self.values.get("expected", EXPECTED[0])
        if expected not in EXPECTED:
            self.problem("expected", f"{shown(expected)}; {did_you_mean(expected, EXPECTED)}")

    def name(self, label: str) -> str:
        """A label whose value is one word without blanks, '' if it is not there."""
        value = self.values.get(label, "")
        if label in self.values and not _NAME.fullmatch(value):
            self.problem(label, f"{shown(value)} is not a name; use letters, digits, '-', '_' and '.'")
            return ""
        return value

    def region(self) -> str:
        """The region, `local` without a label."""
        value = self.name("region")
        if value == INTERNET:
            self.problem("region", f"{INTERNET!r} is where clients come from; choose another name")
            return NO_REGION
        return value or NO_REGION

    def protect(self) -> bool:
        """true or false."""
        value = self.values.get("protect", "false")
        if value.casefold() not in ("true", "false"):
            self.problem("protect", f'{shown(value)}; write "true" or "false"')
            return True  # the safe reading of an unclear wish
        return value.casefold() == "true"

    def port(self, label: str, text: str) -> int:
        """A port number, or 0 and a problem."""
        number = int(text) if len(text) <= 5 else 0
        if not 1 <= number <= 65535:
            self.problem(label, f"port {shown(text)} is not in 1–65535")
            return 0
        return number

    def entry(self) -> Entry | None:
        """Where clients come in."""
        value = self.values.get("entry")
        if value is None:
            return None
        match = _ENTRY.fullmatch(value)
        if not match:
            self.problem("entry", f'{shown(value)}; write container port, protocol and path, as in "8080/http/shop"')
            return None
        protocol, path = match["proto"] if match["proto"] is not None else "http", match["path"] or "/"
        if protocol not in ENTRY_PROTOCOLS:
            self.problem("entry", f"unknown protocol {shown(protocol)}; {did_you_mean(protocol, ENTRY_PROTOCOLS)}")
            return None
        if protocol == "tcp" and path != "/":
            self.problem("entry", f"a tcp entry has no path, {shown(path)} is one; write {match['port']}/tcp")
        port = self.port("entry", match["port"])
        return Entry(port, protocol, path) if port else None

    def flags(self) -> Flags | None:
        """Where the service takes its flags."""
        value = self.values.get("flags")
        if value is None:
            return None
        match = _PATH.fullmatch(value)
        if not match:
            self.problem("flags", f'{shown(value)}; write container port and path, as in "8080/__faults"')
            return None
        port = self.port("flags", match["port"])
        return Flags(port, match["path"]) if port else None

    def calls(self) -> tuple[Call, ...]:
        """Declared dependencies; the same callee, port and protocol twice is a problem."""
        found: dict[tuple[str, int, str], Call] = {}
        for word in self.values.get("calls", "").replace(",", " ").split():
            call = self.call(word)
            if call is None:
                continue
            key = (call.callee, call.port, "udp" if call.proto == "udp" else "tcp")
            if key in found:
                self.problem("calls", f"{shown(word)} is there twice; keep one")
            found[key] = call
        return tuple(found.values())

    def call(self, word: str) -> Call | None:
        """One `callee:port[/proto][#tag]`."""
        match = _CALL.fullmatch(word)
        if not match:
            self.problem("calls", f"{shown(word)}; write callee:port, as in orders:8080, db:5432#tag or dns:53/udp")
            return None
        proto = match["proto"] if match["proto"] is not None else "tcp"
        tag = match["tag"] if match["tag"] is not None else ""
        good = self.call_words(word, match["host"], (match["port"], proto), match["tag"])
        port = self.port("calls", match["port"])
        return Call(match["host"], port, tag, proto) if port and good else None

    def call_words(self, word: str, host: str, at: tuple[str, str], tag: str | None) -> bool:
        """Whether the words of a call are possible; each that is not is a problem."""
        before = len(self.problems)
        port, proto = at
        if proto not in PROTOCOLS:
            self.problem("calls", f"{shown(word)}: unknown protocol {shown(proto)}; {did_you_mean(proto, PROTOCOLS)}")
        if proto == "http" and port == "443":
            self.problem("calls", f"{shown(word)}: port 443 speaks TLS, nobody can look into it; leave /http out")
        if not _NAME.fullmatch(host):
            self.problem("calls", f"{shown(word)}: {shown(host)} is not a service or host name")
        if host == self.service:
            self.problem("calls", f"{shown(word)}: a service does not reach itself through a proxy; leave it out")
        if tag is not None and not _NAME.fullmatch(tag):
            self.problem("calls", f"{shown(word)}: {shown(tag)} is not a tag; use letters, digits, '-', '_' and '.'")
        return len(self.problems) == before


_TOP_KEYS = ("rtt", "engines", "allow-egress")


def parse_top_level(mapping: object) -> TopLevel:
    """The value of the top-level key `x-regionfall` (None: not there). Never raises: see `.problems`."""
    if mapping is None:
        return TopLevel()
    if not isinstance(mapping, Mapping):
        return TopLevel(problems=(f"x-regionfall: {shown(mapping)} is not a mapping with {', '.join(_TOP_KEYS)}",))
    problems = [
        f"x-regionfall: unknown key {shown(str(key))}; {did_you_mean(str(key), _TOP_KEYS)}"
        for key in mapping
        if key not in _TOP_KEYS and not str(key).startswith("x-")
    ]
    rtt = _rtt(mapping.get("rtt"), problems)
    engines = _engines(mapping.get("engines"), problems)
    egress = _egress(mapping.get("allow-egress"), problems)
    return TopLevel(rtt, engines, egress, tuple(problems))


def _rtt(value: object, problems: list[str]) -> tuple[tuple[str, str, float], ...]:
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        problems.append(f"x-regionfall.rtt: {shown(value)} is not a mapping like {{us-east-1~us-west-2: 65ms}}")
        return ()
    found: dict[frozenset[str], tuple[str, str, float]] = {}
    for pair, text in value.items():
        first, tilde, second = (part.strip() for part in str(pair).partition("~"))
        if not tilde or not _NAME.fullmatch(first) or not _NAME.fullmatch(second) or first == second:
            problems.append(f"x-regionfall.rtt: {shown(str(pair))} is not a pair of regions like us-east-1~us-west-2")
            continue
        if frozenset((first, second)) in found:
            problems.append(f"x-regionfall.rtt: {shown(str(pair))} is there twice; keep one")
        try:
            found[frozenset((first, second))] = (first, second, parse_duration(text))
        except ValueError as error:
            problems.append(f"x-regionfall.rtt, {pair}: {error}")
    return tuple(found.values())


def _engines(value: object, problems: list[str]) -> tuple[tuple[str, str], ...]:
    if value is None:
        return ()
    if not isinstance(value, Mapping):
        problems.append(f"x-regionfall.engines: {shown(value)} is not a mapping like {{us-west-2: CONTEXT}}")
        return ()
    for region, context in value.items():
        if not isinstance(context, str) or not context.strip():
            problems.append(f"x-regionfall.engines, {region}: {shown(context)} is not the name of a Docker context")
    return tuple((str(region), str(context)) for region, context in value.items())


def _egress(value: object, problems: list[str]) -> tuple[str, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        problems.append(f"x-regionfall.allow-egress: {shown(value)} is not a list of host names")
        return ()
    hosts = [str(host) for host in value if isinstance(host, str) and _NAME.fullmatch(host)]
    problems += [
        f"x-regionfall.allow-egress: {shown(host)} is not a host name"
        for host in value
        if not isinstance(host, str) or not _NAME.fullmatch(host)
    ]
    return tuple(hosts)
