"""All surfaces, and a number of inputs for each: counts, failures, nothing raised."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import folders
import guardian
import messages
import stacks
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from watched import Watch, watching

import experiments

CORPUS = Path(__file__).parent / "corpus"


@dataclass(frozen=True)
class Surface:
    """One way in: its inputs, what checks one, and its part of all inputs."""

    name: str
    inputs: st.SearchStrategy[Any]
    check: Callable[[Any], None]
    part: float
    text: Callable[[Any], bytes]
    """The input as the file of a corpus row."""
    value: Callable[[bytes], Any]


def _json(value: Any) -> bytes:
    return json.dumps(value, default=lambda raw: {"bytes": raw.hex()}).encode("utf-8", "surrogatepass")


def _edits(raw: bytes) -> Any:
    def plain(value: Any) -> Any:
        return bytes.fromhex(value["bytes"]) if isinstance(value, dict) and set(value) == {"bytes"} else value

    return [[plain(part) for part in edit] for edit in json.loads(raw)]


def surfaces(home: Path) -> tuple[Surface, ...]:
    """All of them; run folders are made in `home`."""
    control, same = messages.Control(), lambda raw: raw
    trees = messages.TREES
    return (
        Surface("experiment", experiments.RAW, experiments.check, 0.61, same, same),
        Surface("labels", stacks.LABEL_SETS, stacks.check_labels, 0.06, _json, json.loads),
        Surface("top-level", stacks._TOP, stacks.check_top_level, 0.02, _json, json.loads),
        Surface("compose", stacks.CONFIGS, stacks.check_config, 0.10, _json, json.loads),
        Surface("run-folder", folders.EDITS, folders.Folders(home).check, 0.06, _json, _edits),
        Surface("control", messages.LINES, control.check, 0.05, same, same),
        Surface("guardian", guardian.LINES, guardian.Control(home).check, 0.04, same, same),
        Surface("proxy-configuration", trees, messages.check_config, 0.02, _json, json.loads),
        Surface("load-order", trees, messages.check_order, 0.02, _json, json.loads),
        Surface("probe-question", trees, messages.check_question, 0.02, _json, json.loads),
    )


@dataclass
class Counts:
    """What a campaign saw."""

    watch: Watch
    readable: int = 0
    schema_valid: int = 0
    per_surface: dict[str, int] | None = None


def run(total: int, number: int, only: str = "") -> Counts:
    """About `total` inputs from one seed (`only`: all at one surface); what the code under test prints is swallowed."""
    with watching() as watch:
        counts = Counts(watch, per_surface={})
        for index, surface in enumerate(surfaces(watch.home)):
            if only and surface.name != only:
                continue
            begun = watch.inputs
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                _one(surface, total if only else max(1, round(total * surface.part)), number + index, counts)
            assert counts.per_surface is not None
            counts.per_surface[surface.name] = watch.inputs - begun
        return counts


def _one(surface: Surface, examples: int, number: int, counts: Counts) -> None:
    @seed(number)
    @settings(
        max_examples=examples, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(surface.inputs)
    def body(value: Any) -> None:
        if surface.name == "experiment":
            counts.readable += experiments.readable(value)
            counts.schema_valid += experiments.schema_valid(value)
        elif surface.name == "compose":
            counts.readable += 1  # written as YAML by the surface itself
        counts.watch.check(surface.name, surface.check, value)

    body()


def keep(surface: Surface, value: Any) -> Path:
    """Write a failure down as a row of the corpus."""
    raw = surface.text(value)
    path = CORPUS / surface.name / f"{hashlib.sha256(raw).hexdigest()[:12]}.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(raw)
    return path
