"""A memory limit below what is in use, and the kernel's own kill that follows.

Control groups of version 2 kill at once when the limit is lowered. Version 1 refuses such a limit (EBUSY), so there
the limit is set to what is in use, and a helper container *inside the service's control group* writes into its own
shared memory: pages that belong to the group and to no process, so that the kernel's choice falls on the service.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from harness.containers.guardian.before import Before
from harness.containers.guardian.engine import Engine, Gone, Refused
from harness.model.labels import COMPOSE_PROJECT, LABEL_PART, PART_BALLAST

PRESS_S = 3.0
"""How long the kernel may take to choose."""

_STEP_KB, _STEPS = 512, 600
_WRITE = (
    f"i=0; while [ $i -lt {_STEPS} ]; do dd if=/dev/zero bs={_STEP_KB}k count=1 >> /dev/shm/x 2>/dev/null || :;"
    " i=$((i+1)); sleep 0.01; done"
)
_SLACK = (1.0, 1.02, 1.1, 1.25, 1.5, 2.0)


class Squeeze:
    """Limits memory of guests, with force where the kernel needs it. `labels` go onto the helper container."""

    def __init__(self, engine: Engine, image: str, labels: dict[str, str], sleep: Callable[[float], None]) -> None:
        self._engine, self._image, self._labels, self._sleep = engine, image, labels, sleep

    def begin(self, container: str, before: Before, limit: int) -> None:
        """Returns when the limit holds, or the kernel has killed for it. Refused with the kernel's words otherwise."""
        try:
            self._engine.update(container, before.memory_update(limit))
        except Gone:
            raise
        except Refused as error:
            if "memory limit" not in str(error) and "busy" not in str(error).lower():
                raise
            self._press(container, before, limit)

    def clear(self) -> None:
        """Remove every helper of this project."""
        labels = [f"{name}={value}" for name, value in self._labels.items()]
        for row in self._engine.raw.containers(all=True, filters={"label": labels}):
            self._engine.raw.remove_container(row["Id"], force=True)

    def _press(self, container: str, before: Before, limit: int) -> None:
        parent = self._group(container)
        helper = self._helper(parent)
        try:
            since = time.time()
            self._at_use(container, before, limit)
            deadline = time.monotonic() + PRESS_S
            while not self._killed(container, since):
                if time.monotonic() > deadline:
                    raise Refused(f"the kernel killed nothing within {PRESS_S:g} s of a full memory limit")
                self._sleep(0.03)
        finally:
            self._engine.raw.remove_container(helper, force=True)
        with suppress(Refused):  # what was killed was not enough: the limit stays at what is in use
            self._engine.update(container, before.memory_update(limit))

    def _at_use(self, container: str, before: Before, limit: int) -> None:
        """The lowest limit that the kernel takes: what is in use now."""
        for slack in _SLACK:
            used = self._in_use(container)  # it grows meanwhile
            if used is None:
                return None  # a refused limit may have killed already; whoever presses looks for that
            try:
                return self._engine.update(container, before.memory_update(max(limit, round(used * slack))))
            except Gone:
                raise
            except Refused as error:
                refusal = error
        raise refusal

    def _in_use(self, container: str) -> int | None:
        """Bytes; None of a container that does not run any more, of which the engine tells no figures."""
        figures = self._engine.raw.stats(container, stream=False).get("memory_stats") or {}
        used = figures.get("usage")
        return None if used is None else int(used)

    def _killed(self, container: str, since: float) -> bool:
        """The service ended, or the engine told of a kill inside it (of a worker, say)."""
        if not self._engine.look(container)["State"]["Running"]:
            return True
        kills = {"container": [container], "event": ["oom"]}
        return any(self._engine.raw.events(since=f"{since:.9f}", until=f"{time.time():.9f}", filters=kills))

    def _group(self, container: str) -> str:
        """The service's control group, as the engine names a parent."""
        info = self._engine.raw.info()
        driver, version = info.get("CgroupDriver"), str(info.get("CgroupVersion", "1"))
        if driver != "cgroupfs" or version != "1":
            raise Refused(
                f"this kernel refuses a limit below what is in use (control groups {version}, driver {driver});"
                " ask for a limit above it and let the service grow"
            )
        parent = self._engine.look(container)["HostConfig"].get("CgroupParent") or "/docker"
        return f"{parent.rstrip('/')}/{container}"

    def _helper(self, parent: str) -> str:
        """Started before the limit is lowered: afterwards not even a container could start in there."""
        api: Any = self._engine.raw
        host = api.create_host_config(network_mode="none", cgroup_parent=parent, shm_size="512m")
        made = api.create_container(
            self._image, ["-c", _WRITE], entrypoint="sh", host_config=host, labels=self._labels, network_disabled=True
        )
        try:
            api.start(made["Id"])
        except Exception as error:
            api.remove_container(made["Id"], force=True)
            raise Refused(f"no helper could be put beside the service: {error}") from error
        return str(made["Id"])


def ballast_labels(project: str, more: dict[str, str]) -> dict[str, str]:
    """Labels of helper containers: taken away with the stack, and never taken for a guest."""
    return {**more, COMPOSE_PROJECT: project, LABEL_PART: PART_BALLAST}
