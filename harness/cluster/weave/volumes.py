"""Volumes of the rendered project: fresh ones, copies of the user's, or the user's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from harness.cluster.weave.woven import Copy

MODES = ("fresh", "copy", "share")


@dataclass(frozen=True, slots=True)
class Volumes:
    """The top-level `volumes` of the rendered file, what to copy first, and whose volumes must be there."""

    section: Mapping[str, Any]
    copies: tuple[Copy, ...]
    shared: tuple[str, ...]
    notes: tuple[str, ...]


def render_volumes(own: Mapping[str, Any], mode: str, name: str, labels: Mapping[str, str]) -> Volumes:
    """Volumes under the project `name`. ValueError for a mode that is none of `MODES`."""
    if mode not in MODES:
        raise ValueError(f"volumes: {mode!r} is none of {', '.join(MODES)}")
    section: dict[str, Any] = {}
    copies, shared, notes = [], [], []
    for key, spec in own.items():
        theirs = str((spec or {}).get("name") or key)
        if mode == "share":
            section[key] = {"name": theirs, "external": True}
            shared.append(theirs)
            notes.append(f"volume {key!r} is your own {theirs!r}: what happens in the run stays in it")
            continue
        kept = {part: value for part, value in (spec or {}).items() if part not in ("name", "external", "labels")}
        section[key] = {**kept, "name": f"{name}_{key}", "labels": {**_labels(spec), **labels}}
        if mode == "copy":
            copies.append(Copy(theirs, f"{name}_{key}"))
        elif (spec or {}).get("external"):
            notes.append(f"volume {key!r} starts empty instead of being your external {theirs!r} (volumes: fresh)")
        if "device" in (kept.get("driver_opts") or {}):
            notes.append(f"volume {key!r} is your own {kept['driver_opts']['device']}: writes reach it")
    return Volumes(section, tuple(copies), tuple(shared), tuple(notes))


def _labels(spec: Mapping[str, Any] | None) -> dict[str, str]:
    labels = (spec or {}).get("labels") or {}
    return {str(key): str(value) for key, value in labels.items()}
