"""regionfall: takes a region away from a Docker Compose stack and measures what that does.

What programs import from here is documented in docs/python.md; nothing is loaded before it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from harness.model.errors import (
        CleanupUnverified,
        ClusterError,
        ControlLost,
        HarnessError,
        Inconclusive,
        InvalidFile,
        LoadError,
        NothingSelected,
        ResilienceFailed,
        Stopped,
        UsageError,
    )
    from harness.script.chaos import Chaos
    from harness.script.cluster import Cluster
    from harness.script.edge import Edge
    from harness.script.fake import FakeCluster
    from harness.script.matrix import matrix
    from harness.script.question import Question

_ERRORS = "harness.model.errors"
_PLACES = {
    "Chaos": "harness.script.chaos",
    "CleanupUnverified": _ERRORS,
    "Cluster": "harness.script.cluster",
    "ClusterError": _ERRORS,
    "ControlLost": _ERRORS,
    "Edge": "harness.script.edge",
    "FakeCluster": "harness.script.fake",
    "HarnessError": _ERRORS,
    "Inconclusive": _ERRORS,
    "InvalidFile": _ERRORS,
    "LoadError": _ERRORS,
    "NothingSelected": _ERRORS,
    "Question": "harness.script.question",
    "ResilienceFailed": _ERRORS,
    "Stopped": _ERRORS,
    "UsageError": _ERRORS,
    "matrix": "harness.script.matrix",
}
__all__ = [
    "Chaos",
    "CleanupUnverified",
    "Cluster",
    "ClusterError",
    "ControlLost",
    "Edge",
    "FakeCluster",
    "HarnessError",
    "Inconclusive",
    "InvalidFile",
    "LoadError",
    "NothingSelected",
    "Question",
    "ResilienceFailed",
    "Stopped",
    "UsageError",
    "matrix",
]


def __getattr__(name: str) -> Any:
    """A public name, imported when it is used for the first time."""
    if name not in _PLACES:
        raise AttributeError(f"module 'harness' has no attribute {name!r}")
    return getattr(import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    """The public names."""
    return sorted(__all__)
