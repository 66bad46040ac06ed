"""The manifest opens a run: what was planned, with what, so that the folder can be judged again anywhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cattrs

from harness.faults.catalogue import type_of
from harness.journal.events import read_events
from harness.journal.store import read_store
from harness.model.errors import UsageError
from harness.model.masking import NO_SECRETS, Mask
from harness.model.plan import Plan
from harness.model.record import Record

FILE = "manifest.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """Identity and plan of one run. `environment` holds versions, image digests, machine; strings only."""

    run: str
    plan: Plan
    environment: Mapping[str, str]
    command: tuple[str, ...] = ()


def write_manifest(folder: Path, manifest: Manifest, mask: Mask = NO_SECRETS) -> None:
    """Write `manifest.json`; called twice (the second time with the image digests), each time whole."""
    body = {"schema": SCHEMA, **mask.tree(cattrs.unstructure(manifest))}
    fresh = folder / (FILE + ".new")
    fresh.write_text(json.dumps(body, indent=1), encoding="utf-8")
    fresh.replace(folder / FILE)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a run folder; UsageError if there is none that this version can read."""
    path = folder / FILE
    try:
        body: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if body.pop("schema", None) != SCHEMA:
            raise UsageError(f"{path}: written by another version of regionfall; this one reads schema {SCHEMA}")
        manifest = cattrs.structure(body, Manifest)
    except FileNotFoundError:
        raise UsageError(f"{folder}: no {FILE}, so this is not a run folder; `regionfall runs ls` lists runs") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}); restore it from a copy") from error
    except (ValueError, TypeError, AttributeError, RecursionError, cattrs.BaseValidationError) as error:
        said = f"{path}: damaged ({type(error).__name__}); restore it from a copy, it cannot be judged"
        raise UsageError(said) from error
    _refuse_hollow(path, manifest.plan)
    for injection in manifest.plan.injections:
        type_of(injection.fault)
    return manifest


def _refuse_hollow(path: Path, plan: Plan) -> None:
    """What every plan has, so that nobody who reads one has to ask."""
    missing = [name for name, part in (("phase", plan.phases), ("rate", plan.load.rates)) if not part]
    if missing:
        raise UsageError(f"{path}: damaged (its plan has no {missing[0]}); restore it from a copy, it cannot be judged")


def read_record(folder: Path) -> Record:
    """Everything of a run folder, for the judge. Missing samples read as none; a missing manifest is a UsageError."""
    manifest = read_manifest(folder)
    stored = read_store(folder / "samples.sqlite")
    return Record(
        run=manifest.run,
        plan=manifest.plan,
        phases=tuple(stored.phases),
        samples=tuple(stored.samples),
        edge_seconds=tuple(stored.edge_seconds),
        canary=tuple(stored.canary),
        events=tuple(read_events(folder)),
        environment=tuple(sorted(manifest.environment.items())),
        zero_us=stored.zero_us,
        readings=tuple(stored.readings),
    )
