"""`heal`: every fault of every stack undone and read back, from what stands alone: no journal and no run folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from harness.cluster.cluster import Cluster, standing_clusters
from harness.cluster.control import Border
from harness.cluster.guardian import Guardian, boxes
from harness.cluster.recreate import by_hand, recreated
from harness.model.errors import ClusterError, ControlLost, UsageError
from harness.runner.ladder import Rung, Tried, climb
from harness.wiring.containers import guardian_repaired
from harness.wiring.repair import repaired, stuck_words
from harness.wiring.standing import asked, guardian_asked, live_runs

UNDO_S = 60.0
"""What the helper for containers gets on each rung: a region of containers may take seconds to start."""


@dataclass
class Healed:
    """What was found and done. `stuck`: for each place that is left, the commands that finish it by hand."""

    healed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    rungs: list[dict[str, Any]] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)

    def add(self, names: Any) -> None:
        """Injections that were lifted, each once."""
        self.healed += [name for name in names if name not in self.healed]

    def told(self, place: str, tried: Tried) -> None:
        """A rung of the ladder, whatever became of it."""
        row = {"place": place, "rung": tried.name, "clean": tried.clean, "seconds": tried.seconds}
        self.rungs.append(row | ({"reason": tried.reason} if tried.reason else {}))

    def to_json(self) -> dict[str, Any]:
        """Plain values, as `heal --json` says them."""
        return {"healed": self.healed, "left": self.left, "rungs": self.rungs, "stuck": self.stuck}


def heal_now(home: Path | None, run: str) -> Healed:
    """Lift every fault of every stack (of one home, or all), read back. `run` narrows to one owner's stack."""
    clusters = [cluster for cluster in standing_clusters(home) if not run or run in (cluster.run, *_owners(cluster))]
    if run and not clusters:
        raise UsageError(f"no stack of run {run!r} is up; `regionfall status` lists what is")
    done = Healed()
    for cluster in clusters:
        _heal_proxies(cluster, done)
        _heal_containers(cluster, done)
    if not run:
        _heal_rest(home, {cluster.name for cluster in clusters}, done)
    return done


def _heal_proxies(cluster: Cluster, done: Healed) -> None:
    with asked(cluster) as borders:
        for region in cluster.border_containers:
            if region not in borders or not _heal_proxy(borders[region], done):
                place = f"proxy of {region}"
                if not repaired(cluster, region, "heal", lambda _, tried, at=place: done.told(at, tried)):  # type: ignore[misc]
                    done.left.append(place)
                    done.stuck.append(stuck_words(cluster, region))


def _heal_proxy(border: Border, done: Healed) -> bool:
    try:
        answer = border.heal()
    except ControlLost:
        return False
    done.add(answer.get("healed", ()))
    return not answer.get("left")


def _heal_containers(cluster: Cluster, done: Healed) -> None:
    """Whatever the helper for containers holds, or wrote down and did not get to undo."""
    box = cluster.guardian_box()
    if box.find() is None and not box.has_file():
        return
    with guardian_asked(box) as guardian:
        left = _asked_to_heal(guardian, done)
    clean = left is not None and not left
    if not clean and not climb(_rungs(cluster, left or []), lambda tried: done.told("containers", tried)):
        done.left += left or ["the helper for containers does not answer"]
        names = [name for name in cluster.services if any(name in text for text in left or [])]
        done.stuck += [f"{name}: {by_hand(cluster.container(name))}" for name in names]
        return
    if not live_runs(cluster.home):  # a live run goes on with its own connection to it
        box.end()


def _asked_to_heal(guardian: Guardian | None, done: Healed) -> list[str] | None:
    """What could not be undone; None if nobody answers."""
    if guardian is None:
        return None
    try:
        answer = guardian.heal()
    except ControlLost:
        return None
    done.add(answer.get("healed", ()))
    return list(answer.get("left", ()))


def _rungs(cluster: Cluster, left: list[str]) -> Iterator[Rung]:
    """Start the helper again, so that it undoes what its file says; then make the services anew that stay harmed."""

    def anew() -> bool:
        for name in cluster.services:
            if any(name in text for text in left):
                recreated(cluster.container(name))
        return guardian_repaired(cluster, "heal")

    yield Rung("start again", UNDO_S, lambda: guardian_repaired(cluster, "heal"))
    yield Rung("make anew", 2 * UNDO_S, anew)


def _heal_rest(home: Path | None, seen: set[str], done: Healed) -> None:
    """Stacks whose proxies are gone: nothing is broken by them any more, but a container may still be harmed."""
    for box in boxes(home):
        if box.stack in seen:
            continue
        try:
            box.restart()
            with guardian_asked(box) as guardian:
                left = _asked_to_heal(guardian, done)
        except ClusterError as error:
            left = [str(error)]
        if left is None or left:
            done.left += left or [f"the helper for containers of {box.stack} does not answer"]
            done.stuck.append(f"{box.stack}: docker ps -aq --filter label=com.docker.compose.project={box.stack}"
                              " | xargs docker rm -f")  # fmt: skip


def _owners(cluster: Cluster) -> set[str]:
    with asked(cluster) as borders:
        return {entry["owner"] for border in borders.values() for entry in border.status().get("injections", ())}
