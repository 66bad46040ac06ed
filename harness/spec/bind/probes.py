"""`probes` -> Probe values: every service, edge and file must exist, every text must be harmless where it goes."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from pathlib import Path as FilePath
from typing import Any

from harness.model.probe import Probe, ProbeKind
from harness.spec.bind.binding import Binding
from harness.spec.bind.files import beside
from harness.spec.document.places import Path
from harness.spec.document.probes import ProbeDoc
from harness.spec.durations import shown
from harness.spec.suggest import did_you_mean
from harness.spec.targets import TargetError, one_edge

SHORTEST_S, LONGEST_S = 0.2, 600.0
MOST_PROBES = 50
_AT = re.compile(r"(?P<service>[^:/\s]+):(?P<port>\d{1,5})(?P<path>/[\x21-\x7e]*)?")
_PRINTABLE = re.compile(r"[^\x00-\x1f\x7f]{1,2000}")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?\.?")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,100}")

Parts = dict[str, Any]
_PATHS = {"prometheus": "/api/v1/query", "alert": "/api/v2/alerts"}


def build_probes(b: Binding, *, allow_host: bool = False) -> tuple[Probe, ...]:
    """All probes, with their problems at their places. `allow_host`: code of a file may run on this machine."""
    for name, doc in b.doc.probes.items():
        if doc.python is not None and doc.python.file and not allow_host:
            text = f"the probe {name!r} runs code of {shown(doc.python.file)} on this machine"
            b.add(("probes", name, "python"), f"{text}; read that file, then allow it with --allow-host-commands")
    if len(b.doc.probes) > MOST_PROBES:
        b.add(("probes",), f"{len(b.doc.probes)} probes are too many to ask every second; at most {MOST_PROBES}")
    return tuple(probe for name, doc in b.doc.probes.items() if (probe := _probe(b, name, doc)) is not None)


def probe_named(b: Binding, subject: str) -> str | None:
    """The probe that `subject` means: its name, or `alert(NAME)` for the one that watches this alert; else None."""
    if subject in b.written_probes():
        return subject
    match = re.fullmatch(r"alert\((.*)\)", subject)
    if match is None:
        return None
    watching = [name for name, doc in b.doc.probes.items() if doc.alert is not None and doc.alert.name == match[1]]
    return watching[0] if len(watching) == 1 else None


def _probe(b: Binding, name: str, doc: ProbeDoc) -> Probe | None:
    path: Path = ("probes", name)
    kinds = [kind for kind in ProbeKind if getattr(doc, kind.value) is not None]
    if len(kinds) != 1:
        what = " and ".join(kinds) if kinds else "nothing"
        b.add(path, f"the probe {name!r} asks {what}; write exactly one of {', '.join(ProbeKind)}")
        return None
    if name in b.written_flows() or "->" in name:
        b.add(path, f"a flow is called {name!r} too; give the probe another name", key=True)
    kind = kinds[0]
    for key, seconds in (("every", doc.every), ("timeout", doc.timeout)):
        if not SHORTEST_S <= seconds <= LONGEST_S:
            b.add((*path, key), f"{seconds:g} s is out of bounds; write {SHORTEST_S:g}s to {LONGEST_S:g}s".replace(
                "0.2s", "200ms"))  # fmt: skip
    where = (*path, kind.value)
    told = _READ[kind](b, where, getattr(doc, kind.value))
    if doc.value is not None and kind not in _NUMBERS:
        b.add((*path, "value"), f"{kind} reads no number that a value could limit; remove it", key=True)
    return Probe(
        name=name,
        kind=kind,
        limit=doc.value,
        every_s=doc.every,
        timeout_s=doc.timeout,
        tolerance=doc.tolerance,
        line=b.line(path),
        **told,
    )


_NUMBERS = frozenset({
    ProbeKind.SQL, ProbeKind.REDIS, ProbeKind.EXEC, ProbeKind.BYTES, ProbeKind.PROMETHEUS, ProbeKind.PYTHON,
})  # fmt: skip


def _http(b: Binding, path: Path, doc: Any) -> Parts:
    statuses: list[int] = []
    for index, status in enumerate(doc.status):
        klass = re.fullmatch(r"([1-5])xx", status) if isinstance(status, str) else None
        if klass:
            statuses += range(int(klass[1]) * 100, int(klass[1]) * 100 + 100)
        elif isinstance(status, int) and not isinstance(status, bool) and 100 <= status <= 599:
            statuses.append(status)
        else:
            b.add((*path, "status", index), f"{shown(status)} is not an HTTP status; write 200, or 2xx")
    if not doc.status:
        b.add((*path, "status"), "an empty list; no answer would ever be good")
    return {**_at(b, path, doc.at, "/"), "status": tuple(statuses), "contains": doc.contains}


def _tcp(b: Binding, path: Path, doc: Any) -> Parts:
    at = _at(b, path, doc.at, "")
    if at["path"]:
        b.add((*path, "at"), f"{shown(doc.at)}: a connect has no path; write service:port")
    return at


def _dns(b: Binding, path: Path, doc: Any) -> Parts:
    _service(b, (*path, "from"), doc.from_)
    if not _HOST.fullmatch(doc.name):
        b.add((*path, "name"), f"{shown(doc.name)} is not a host's name")
    for index, address in enumerate(doc.to):
        try:
            ipaddress.IPv4Address(address)
        except ValueError:
            b.add((*path, "to", index), f"{shown(address)} is not an IPv4 address")
    return {"service": doc.from_, "looked_up": doc.name, "addresses": doc.to}


def _sql(b: Binding, path: Path, doc: Any) -> Parts:
    _service(b, (*path, "service"), doc.service)
    for key in ("user", "database", "password_from"):
        if getattr(doc, key) and not _WORD.fullmatch(getattr(doc, key)):
            b.add((*path, key), f"{shown(getattr(doc, key))} is not a plain name")
    _text(b, (*path, "query"), doc.query.replace("\n", " "))
    if doc.query.lstrip().startswith("\\"):
        b.add((*path, "query"), f"{shown(doc.query)} is a command of psql itself; write a statement of SQL")
    parts = {"service": doc.service, "query": doc.query, "contains": doc.equals, "user": doc.user}
    return {**parts, "database": doc.database, "password_from": doc.password_from, "port": doc.port}


def _redis(b: Binding, path: Path, doc: Any) -> Parts:
    _service(b, (*path, "service"), doc.service)
    if doc.password_from and not _WORD.fullmatch(doc.password_from):
        b.add((*path, "password_from"), f"{shown(doc.password_from)} is not the name of a variable")
    if doc.run and doc.run[0].startswith("-"):
        b.add((*path, "run", 0), f"{shown(doc.run[0])} would be an option of redis-cli; begin with the command")
    parts = {"service": doc.service, "command": _words(b, (*path, "run"), doc.run), "contains": doc.equals}
    return {**parts, "password_from": doc.password_from, "port": doc.port}


def _exec(b: Binding, path: Path, doc: Any) -> Parts:
    _service(b, (*path, "service"), doc.service)
    if doc.run and doc.run[0].startswith("-"):
        b.add((*path, "run", 0), f"{shown(doc.run[0])} is not a program's name")
    parts = {"service": doc.service, "command": _words(b, (*path, "run"), doc.run)}
    return {**parts, "code": doc.code, "contains": doc.contains}


def _bytes(b: Binding, path: Path, edge: str) -> Parts:
    try:
        return {"edge": one_edge(b.stack, edge).id if b.stack is not None else edge}
    except TargetError as error:
        b.add(path, str(error))
        return {}


def _log(b: Binding, path: Path, doc: Any) -> Parts:
    _service(b, (*path, "service"), doc.service)
    if not doc.pattern.strip("* "):
        b.add((*path, "pattern"), "every line matches this; write a text that only some lines hold")
    _text(b, (*path, "pattern"), doc.pattern)
    return {"service": doc.service, "pattern": doc.pattern, "absent": doc.absent}


def _prometheus(b: Binding, path: Path, doc: Any) -> Parts:
    _text(b, (*path, "query"), doc.query.replace("\n", " "))
    return {**_at(b, path, doc.at, _PATHS["prometheus"]), "query": doc.query}


def _alert(b: Binding, path: Path, doc: Any) -> Parts:
    _text(b, (*path, "name"), doc.name)
    return {**_at(b, path, doc.at, _PATHS["alert"]), "alert": doc.name}


def _python(b: Binding, path: Path, doc: Any) -> Parts:
    if not doc.function.isidentifier() and (doc.file or not _WORD.fullmatch(doc.function)):
        b.add((*path, "function"), f"{shown(doc.function)} is not the name of a function")
    if not doc.file:
        return {"function": doc.function}
    file = beside(b, (*path, "file"), doc.file, ".py")
    return {"file": str(file or FilePath(doc.file)), "function": doc.function}


_READ: Mapping[ProbeKind, Callable[[Binding, Path, Any], Parts]] = {
    ProbeKind.HTTP: _http,
    ProbeKind.TCP: _tcp,
    ProbeKind.DNS: _dns,
    ProbeKind.SQL: _sql,
    ProbeKind.REDIS: _redis,
    ProbeKind.EXEC: _exec,
    ProbeKind.BYTES: _bytes,
    ProbeKind.LOG: _log,
    ProbeKind.PROMETHEUS: _prometheus,
    ProbeKind.ALERT: _alert,
    ProbeKind.PYTHON: _python,
}


def _at(b: Binding, path: Path, text: str, default: str) -> Parts:
    match = _AT.fullmatch(text) if len(text) <= 2000 else None
    where = (*path, "at")
    if match is None or not 1 <= int(match["port"]) <= 65535:
        b.add(where, f"{shown(text)} is not a place to ask; write service:port or service:port/path")
        return {"service": "", "port": 0, "path": ""}
    _service(b, where, match["service"])
    return {"service": match["service"], "port": int(match["port"]), "path": match["path"] or default}


def _service(b: Binding, path: Path, name: str) -> None:
    if b.stack is None:
        return
    names = [service.name for service in b.stack.services]
    if name not in names:
        b.add(path, f"unknown service {name!r}; {did_you_mean(name, names)}")


def _text(b: Binding, path: Path, text: str) -> None:
    if not _PRINTABLE.fullmatch(text):
        b.add(path, f"{shown(text)}: write 1 to 2000 printable characters")


def _words(b: Binding, path: Path, words: tuple[str, ...]) -> tuple[str, ...]:
    if not words or not words[0]:
        b.add(path, 'an empty command; write run: ["test", "-f", "/tmp/ready"]')
    for index, word in enumerate(words):
        if "\x00" in word or len(word) > 10_000:
            b.add((*path, index), "a word of a command holds no NUL and at most 10000 characters")
    return words
