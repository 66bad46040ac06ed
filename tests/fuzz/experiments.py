"""Experiment files: valid ones out of the catalogues' own examples, broken ones out of those, and garbage."""

from __future__ import annotations

import copy
import io
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
from hypothesis import strategies as st
from ruamel.yaml import YAML

from harness.faults.catalogue import CATALOGUE as FAULTS
from harness.model.errors import InvalidFile
from harness.model.plan import Plan
from harness.model.stack import LOAD, Edge, Entry, Flags, Service, Stack
from harness.probes.catalogue import CATALOGUE as PROBES
from harness.spec.load import Wish, plan_of
from harness.spec.metrics import METRICS
from harness.spec.schema import json_schema, known_keys

EAST, WEST, INTERNET = "us-east-1", "us-west-2", "internet"
_SERVICES = ("web", "db", "idp", "cache", "prometheus", "alertmanager", "resolver", "orders", "payments", "objects")
_CALLS = ("web->db", "web->idp", "orders->db", "orders->payments", "web->orders", "web->objects", "orders->cache",
          "web->resolver")  # fmt: skip
STACK = Stack(
    "shop",
    tuple(
        Service(name, WEST if name == "objects" else EAST, role="datastore" if name == "db" else "",
                entry=Entry(8080) if name == "web" else None, flags=Flags(80, "/f") if name == "resolver" else None)
        for name in _SERVICES
    ),
    (
        Edge(LOAD, "web", 8080, "", INTERNET, EAST),
        *(Edge(a, b, 80, "bridge" if b == "idp" else "", EAST, WEST if b == "objects" else EAST)
          for a, b in (call.split("->") for call in _CALLS)),
    ),
    ((EAST, WEST, 0.06),),
    ("compose.yaml",),
)  # fmt: skip


def read(text: str) -> Any:
    """One YAML value."""
    return YAML(typ="safe", pure=True).load(text)


def write(value: Any) -> str:
    """A value as YAML."""
    out = io.StringIO()
    YAML(typ="safe", pure=True).dump(value, out)
    return out.getvalue()


_FAULTS = [read(entry.example) for entry in FAULTS.values()]
_PROBES = [read(entry.example) for entry in PROBES.values() if "python" not in read(entry.example)]
_TARGETS = (EAST, WEST, "db", "web->db", "*->db", "orders->*", "role:datastore", "tag:bridge", "entry:web",
            "us-east-1,!orders", "us-east-1->us-west-2", "nobody", "web->nobody", "")  # fmt: skip
_NAMES = st.sampled_from(["gone", "slow", "after", "one", "a.b", "x-1", "Z"])
_DURATIONS = st.sampled_from(["5s", "20s", "1m", "90s", "1h 30m", "300ms", "2s", "0s"])
_SCALARS = st.one_of(
    st.sampled_from(["", "->", "30%", ">= 99%", "< 800ms", "240x", "20/s", "web", "true", "never", "70%..78%", "\x7f",
                     "💥", "../../etc/passwd", "$(id)", "<script>alert(1)</script>", "a" * 3000, "1h 30m", "blackout"]),
    st.integers(-(10**18), 10**18),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.text(max_size=12),
)  # fmt: skip


@st.composite
def faults(draw: st.DrawFn) -> Any:
    """One fault of the catalogue, usually as its example has it."""
    fault: dict[str, Any] = copy.deepcopy(draw(st.sampled_from(_FAULTS)))
    if draw(st.integers(0, 3)) == 0:
        fault["on"] = draw(st.sampled_from(_TARGETS))
    return fault


@st.composite
def expectations(draw: st.DrawFn, probes: list[str]) -> dict[str, Any]:
    """Limits out of the metrics' own examples."""
    found: dict[str, Any] = {}
    for metric in draw(st.lists(st.sampled_from(list(METRICS.values())), min_size=1, max_size=3)):
        subject = {"flow": "web", "edge": "web->db"}.get(metric.subject) or (probes[0] if probes else "web")
        found.setdefault(subject, {})[metric.name] = metric.example
    return found


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A document that the schema allows; whether it also makes sense is another matter."""
    doc: dict[str, Any] = {"version": 1}
    chance = st.integers(0, 3).map(lambda n: n == 0)
    if draw(chance):
        doc |= {"name": draw(_NAMES), "title": draw(st.text(max_size=30)), "tags": ["gate", draw(_NAMES)]}
    if draw(chance):
        doc["load"] = {
            "rate": draw(st.sampled_from(["60/s", "200/s", "3/m"])),
            "arrivals": "even",
            "deadline": draw(_DURATIONS),
            "flows": {"web": {"get": "/", "weight": draw(st.integers(1, 9))}},
        }
    if draw(chance):
        doc["clock"] = {"default": draw(st.sampled_from(["2x", "60x", "1x"])), "t0": "07:30 PST"}
    names = [f"p{index}" for index in range(draw(st.integers(0, 3)))]
    if names:
        doc["probes"] = {name: copy.deepcopy(draw(st.sampled_from(_PROBES))) for name in names}
    if draw(st.booleans()):
        doc |= {"break": draw(st.sampled_from(_TARGETS)), "for": draw(_DURATIONS)}
    else:
        doc["timeline"] = [
            {"phase": draw(_NAMES), "for": draw(_DURATIONS), "faults": draw(st.lists(faults(), max_size=2))}
            for _ in range(draw(st.integers(1, 3)))
        ]
    if draw(st.booleans()):
        doc["expect"] = draw(expectations(names))
    if draw(chance):
        doc["stop"] = [{"when": draw(st.sampled_from(["web.availability < 20% for 10s", "host.memory_free < 500MB",
                                                      "p0.holds < 100% for 3s", "p0.value > 3 for 1s"]))}]  # fmt: skip
    if draw(chance):
        doc["limits"] = {"regions": [EAST], "faults": draw(st.integers(0, 3)), "for": draw(_DURATIONS)}
    return doc


@st.composite
def broken(draw: st.DrawFn) -> Any:
    """A valid document with one to four things wrong: taken out, replaced, added, nested."""
    doc = draw(documents())
    for _ in range(draw(st.integers(1, 4))):
        holder, key = draw(st.sampled_from(list(_places(doc))))
        act = draw(st.integers(0, 3))
        if act == 0:
            del holder[key]
        elif act == 1:
            holder[key] = draw(_SCALARS)
        elif act == 2:
            holder[key] = copy.deepcopy(draw(st.sampled_from([[], {}, [[[1]]], {"x-a": 1}, {"a": {"b": {"c": 1}}}])))
        elif isinstance(holder, dict):
            holder[draw(st.sampled_from(_KEYS))] = draw(_SCALARS)
        if not isinstance(doc, dict) or not list(_places(doc)):
            break
    return doc


def _places(node: Any) -> Any:
    """(holder, key) of everything in a document."""
    for key, value in list(node.items()) if isinstance(node, dict) else list(enumerate(node)):
        yield node, key
        if isinstance(value, dict | list):
            yield from _places(value)


_KEYS = [*known_keys(()), "faults", "phase", "on", "slow", "hang", "share", "x-a", "exec", "every", "within"]
_TREES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(_KEYS), inner, max_size=5)),
    max_leaves=20,
)


@st.composite
def torn(draw: st.DrawFn) -> str:
    """The text of a document, cut or with a few characters in the wrong place."""
    text = write(draw(documents()))
    at = draw(st.integers(0, len(text)))
    if draw(st.booleans()):
        return text[:at]
    return (
        text[:at] + draw(st.sampled_from(["\t", ":", "{", "[", "&a ", "*a", "\0", "!!x ", "%", "- ", "é"])) + text[at:]
    )


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


_KINDS = (
    *[documents().map(write).map(_bytes)] * 10,
    *[broken().map(write).map(_bytes)] * 7,
    torn().map(_bytes),
    st.dictionaries(st.sampled_from(_KEYS), _TREES, max_size=6).map(write).map(_bytes),
    st.binary(max_size=200),
)
RAW = st.integers(0, len(_KINDS) - 1).flatmap(lambda n: _KINDS[n])
"""Half of them valid, a third broken somewhere; chosen by number, since `one_of` counts equal strategies once."""


def check(raw: bytes) -> None:
    """A plan, or problems with places: there is no third way."""
    try:
        plan = plan_of(raw, Path("fuzz.chaos.yaml"), lambda files, directory: STACK, Wish())
    except InvalidFile as error:
        assert error.problems, "a refusal without a problem"
        for problem in error.problems:
            assert problem.line >= 1 and problem.column >= 1 and problem.message, problem
            assert str(problem).encode("utf-8"), problem
    else:
        assert isinstance(plan, Plan)


@cache
def _validator() -> Any:
    return jsonschema.Draft7Validator(json_schema())


def readable(raw: bytes) -> bool:
    """Whether it is YAML at all."""
    try:
        YAML(typ="safe", pure=True).load(raw.decode())
    except Exception:
        return False
    return True


def schema_valid(raw: bytes) -> bool:
    """Whether the published JSON Schema accepts it."""
    try:
        return bool(_validator().is_valid(YAML(typ="safe", pure=True).load(raw.decode())))
    except Exception:
        return False
