"""When a stack counts as ready, and what is said when it never is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from harness.cluster.readiness import Probes, Seen, required_ports, seen, wait_ready
from harness.model.errors import ClusterError
from harness.model.stack import Edge, Service, Stack

STACK = Stack("shop", (Service("web"), Service("db")), (Edge("web", "db", 5432),))
UP = {"db:5432": ""}
REFUSED = {"db:5432": "connection refused"}


class Outside:
    """A scripted engine and border: each poll takes the next step, the last one stays."""

    def __init__(self, guests: Sequence[Sequence[Seen]], ports: Sequence[Mapping[str, str]]) -> None:
        self.guests, self.ports = list(guests), list(ports)
        self.time = 0.0

    def probes(self) -> Probes:
        return Probes(
            guests=lambda: self.guests.pop(0) if len(self.guests) > 1 else self.guests[0],
            ports=lambda: self.ports.pop(0) if len(self.ports) > 1 else self.ports[0],
            logs=lambda container, tail: "\n".join(f"{container} line {i}" for i in range(100))[-10_000:],
            now=lambda: self.time,
            sleep=self.sleep,
        )

    def sleep(self, seconds: float) -> None:
        self.time += seconds


def running(service: str, state: str = "running", code: int | None = None) -> Seen:
    return Seen(service, f"shop-{service}-1", state, code)


BOTH = [running("web"), running("db")]


def wait(outside: Outside) -> list[str]:
    said: list[str] = []
    wait_ready(STACK, outside.probes(), progress=said.append, timeout_s=30)
    return said


def test_a_stack_is_ready_when_all_run_and_every_callee_accepts() -> None:
    outside = Outside([[running("web"), running("db", "created")], BOTH], [REFUSED, REFUSED, UP])
    wait(outside)
    assert outside.time > 0


def test_a_container_that_dies_right_after_it_looked_ready_is_seen() -> None:
    outside = Outside([BOTH, BOTH, [running("web", "exited", 9), running("db")]], [UP])
    with pytest.raises(ClusterError, match="'web' ended with code 9"):
        wait(outside)


def test_a_one_shot_that_ended_well_is_ready() -> None:
    wait(Outside([[*BOTH, running("migrate", "exited", 0)]], [UP]))


def test_a_container_that_dies_ends_the_wait_at_once_with_its_last_lines() -> None:
    outside = Outside([BOTH, [running("web"), running("db", "exited", 3)]], [REFUSED])
    with pytest.raises(ClusterError, match=r"'db' ended with code 3 while starting") as caught:
        wait(outside)
    assert "shop-db-1 line 99" in str(caught.value)
    assert outside.time < 1


def test_a_container_that_is_restarted_by_its_policy_may_still_come() -> None:
    wait(Outside([[running("web"), running("db", "restarting", 1)], BOTH], [REFUSED, UP]))


def test_a_callee_that_ended_well_will_never_accept() -> None:
    with pytest.raises(ClusterError, match=r"'db' ended \(code 0\) but is called on port 5432"):
        wait(Outside([[running("web"), running("db", "exited", 0)]], [REFUSED]))


def test_edges_that_never_came_are_named_with_their_callers_and_the_reason() -> None:
    outside = Outside([BOTH], [REFUSED])
    with pytest.raises(ClusterError, match=r"web->db:5432: no connection \(connection refused\)") as caught:
        wait(outside)
    assert 30 <= outside.time < 32
    assert "last lines of db" in str(caught.value)


def test_a_long_wait_says_what_it_waits_for() -> None:
    outside = Outside([BOTH], [*[REFUSED] * 60, UP])
    assert wait(outside) == ["still waiting for db:5432"]


def test_a_port_that_no_border_knows_is_missing() -> None:
    with pytest.raises(ClusterError, match="its proxy does not know it"):
        wait(Outside([BOTH], [{}]))


def test_entries_are_required_too() -> None:
    stack = Stack("s", (Service("web"),), (Edge("load", "web", 80), Edge("a", "web", 80)))
    assert required_ports(stack) == {"web:80": ["load", "a"]}


@pytest.mark.parametrize(
    ("state", "status", "code"),
    [
        ("exited", "Exited (137) 3 seconds ago", 137),
        ("exited", "Exited (0) Less than a second ago", 0),
        ("restarting", "Restarting (1) 2 seconds ago", 1),
        ("running", "Up 2 minutes (healthy)", None),
        ("created", "Created", None),
    ],
)
def test_the_exit_code_is_read_from_the_engines_list(state: str, status: str, code: int | None) -> None:
    row = {"Labels": {"com.docker.compose.service": "db"}, "Names": ["/shop-db-1"], "State": state, "Status": status}
    assert seen(row) == Seen("db", "shop-db-1", state, code)
