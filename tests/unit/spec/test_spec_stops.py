"""`stop:`: what a condition may watch, and in which unit."""

from __future__ import annotations

import pytest

HEAD = "version: 1\nload: {flows: {web: {}}}\nbreak: idp\nhow: hang\nstop: [{when: '%s'}]\n"


@pytest.mark.parametrize(
    ("when", "watched"),
    [
        ("host.memory_free < 500MB", ("host", "memory_free", True, 500e6, 1.0)),
        ("host.disk_free < 2GB for 3s", ("host", "disk_free", True, 2e9, 3.0)),
        ("host.load > 4", ("host", "load", False, 4.0, 1.0)),
        ("load.silent > 2s", ("load", "silent", False, 2.0, 1.0)),
        ("load.lost > 5%", ("load", "lost", False, 0.05, 1.0)),
        ("web.availability < 20% for 10s", ("web", "availability", True, 0.2, 10.0)),
        ("web.p99 > 800ms", ("web", "p99", False, 0.8, 1.0)),
    ],
)
def test_a_condition_is_read_in_its_own_unit(load, when: str, watched: tuple[object, ...]) -> None:
    (stop,) = load(HEAD % when).stops
    assert (stop.subject, stop.metric, stop.below, pytest.approx(stop.value), stop.for_s) == watched


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("host.memory < 500MB", "unknown host metric 'memory'"),
        ("host.load > many", "is not a number above 0; write host.load > 4"),
        ("load.quiet > 2s", "unknown metric 'quiet' of the load"),
        ("load.silent > 2", "a duration carries a unit"),
        ("web->idp.p95 > 2s", "stop conditions watch flows, probes, load and host"),
        ("web.p95 > 2s for 200ms", "shorter than the one second between looks"),
    ],
)
def test_a_wrong_condition_is_refused_at_its_place(problems, when: str, said: str) -> None:
    found = problems(HEAD % when)
    assert any(said in line and line.startswith("5:") for line in found), found
