"""python: a function of a file beside the experiment, or of an installed package, asks whatever it wants.

# stock.py
def stock_is_whole(ask):
    answer = ask.http("orders:8080/count")
    assert answer.status == 200, "orders does not answer"
    return int(answer.body)          # a number is compared with `value`; True and False speak for themselves
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from harness.model.errors import NotMeasured, ProbeError
from harness.model.probe import HttpAnswer, Outcome, Probe, ProbeKind, Ran, bad, good, within
from harness.probes.contract import VALUE, ProbeType, Setting, World

GROUP = "regionfall.probes"
"""Entry point group of packages that bring probes."""


class Ask:
    """What a function may ask: the running stack, from inside. Its errors may pass through: they become readings."""

    def __init__(self, world: World, timeout_s: float) -> None:
        self._world, self.timeout_s = world, timeout_s

    def http(self, at: str) -> HttpAnswer:
        """One GET of `service:port/path`, next to the service."""
        place, slash, path = at.partition("/")
        service, _, port = place.partition(":")
        return self._world.http(service, int(port or 80), slash + path or "/", self.timeout_s)

    def tcp(self, at: str) -> float:
        """One TCP connect to `service:port`; seconds."""
        service, _, port = at.partition(":")
        return self._world.tcp(service, int(port), self.timeout_s)

    def run(self, service: str, command: Sequence[str]) -> Ran:
        """A command inside the service's container, as a list of words."""
        return self._world.run(service, list(command), self.timeout_s)


def measure(probe: Probe, world: World, _memory: dict[str, str]) -> Outcome:
    """Good: the function answers True, or a number that keeps to `value`. An assertion that fails is bad."""
    function = loaded(probe)
    try:
        answer = function(Ask(world, probe.timeout_s))
    except ProbeError:
        raise
    except AssertionError as error:
        return bad(f"it says no: {str(error)[:200]}" if str(error) else "an assertion of it does not hold")
    except Exception as error:  # a mistake in somebody else's function says nothing about the stack
        raise NotMeasured(f"the function failed: {type(error).__name__}") from error
    if isinstance(answer, bool):
        return good() if answer else bad("it says no")
    if isinstance(answer, int | float):
        return within(probe.limit, float(answer))
    raise NotMeasured(f"it answers {type(answer).__name__}; write True, False or a number")


def loaded(probe: Probe) -> Callable[[Ask], Any]:
    """The function of a probe; NotMeasured if it cannot be had."""
    try:
        found = _of_file(probe) if probe.file else _of_package(probe.function)
    except Exception as error:  # whatever the file does while it is read
        raise NotMeasured(f"the function cannot be loaded: {type(error).__name__}") from error
    if not callable(found):
        raise NotMeasured(f"there is no function {probe.function!r} in {probe.file or 'any installed package'}")
    function: Callable[[Ask], Any] = found
    return function


def _of_file(probe: Probe) -> Any:
    """Read anew at every look: there is no cache to go stale, and a file that was mended is used at once."""
    path = Path(probe.file)
    spec = importlib.util.spec_from_file_location(f"regionfall_probe_{path.stem}", path)
    if spec is None or spec.loader is None:
        return None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, probe.function, None)


def _of_package(name: str) -> Any:
    return next((entry.load() for entry in entry_points(group=GROUP) if entry.name == name), None)


TYPE = ProbeType(
    kind=ProbeKind.PYTHON,
    asks="whatever a function of yours asks",
    driver="a function of a file beside the experiment, called on this machine, or of an installed package",
    settings=(
        Setting("file", "a Python file beside the experiment; without it an installed package brings the function"),
        Setting("function", f"its name; of a package: the name of its entry point in the group {GROUP}"),
        VALUE,
    ),
    example="{python: {file: stock.py, function: stock_is_whole}}",
    cannot="a file runs on this machine with your rights, so `run` needs --allow-host-commands for it",
    measure=measure,
)
