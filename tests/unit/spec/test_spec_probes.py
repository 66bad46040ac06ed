"""`probes` in an experiment file: what they ask, who may name them, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from harness.model.plan import Plan
from harness.model.probe import ProbeKind
from harness.probes.catalogue import CATALOGUE

Load = Callable[..., Plan]
Listing = Callable[..., list[str]]

HEAD = "version: 1\nbreak: checkout->db:5432\nhow: hang\nfor: 30s\n"


def file(probes: str, rest: str = "") -> str:
    return f"{HEAD}probes:\n  {probes}\n{rest}"


def test_every_example_of_the_catalogue_is_a_valid_probe(load: Load, tmp_path: Path) -> None:
    (tmp_path / "stock.py").write_text("def stock_is_whole(ask):\n    return True\n")
    places = {
        "'prometheus:": "'idp:",
        "'alertmanager:": "'idp:",
        "service: cache": "service: idp",
        "web->db": "web->idp",
    }
    for kind, entry in CATALOGUE.items():
        text = entry.example
        for place, known in places.items():
            text = text.replace(place, known)
        (probe,) = load(file(f"one: {text}"), allow_host_commands=True).probes
        assert probe.kind is kind
        assert f"{kind}" in text


def test_a_probe_has_its_interval_timeout_and_tolerance(load: Load) -> None:
    (probe,) = load(file("rows: {sql: {service: db, query: select 1}, every: 2s, timeout: 500ms, tolerance: 2}")).probes
    assert (probe.every_s, probe.timeout_s, probe.tolerance) == (2.0, 0.5, 2)


def test_expect_steady_and_stop_name_probes(load: Load) -> None:
    plan = load(
        file(
            "rows: {sql: {service: db, query: select 1}, value: '>= 1'}\n"
            "  page: {alert: {name: HighLatency, at: 'idp:9093'}}",
            "steady: {for: 20s, expect: {rows: {holds: '>= 100%'}}}\n"
            "expect: {rows: {holds: '>= 90%'}, alert(HighLatency): {within: 10s}}\n"
            "stop: [{when: 'rows.holds < 100% for 5s'}, {when: 'rows.value > 9 for 2s'}]\n",
        )
    )
    assert [(o.subject, o.metric) for o in plan.objectives] == [("rows", "holds"), ("page", "within")]
    assert [(o.subject, o.metric) for o in plan.steady] == [("rows", "holds")]
    assert [(s.subject, s.metric, s.value, s.for_s) for s in plan.stops] == [("rows", "holds", 1.0, 5.0),
                                                                            ("rows", "value", 9.0, 2.0)]  # fmt: skip


WRONG = {
    "no kind": ("p: {every: 1s}", "asks nothing; write exactly one of http, tcp"),
    "two kinds": ("p: {tcp: 'db:5432', http: 'web:8080/'}", "asks http and tcp"),
    "a typing error": ("p: {tpc: 'db:5432'}", "unknown key 'tpc'; did you mean 'tcp'?"),
    "an unknown service": ("p: {tcp: 'dbb:5432'}", "unknown service 'dbb'; did you mean 'db'?"),
    "no port": ("p: {tcp: db}", "'db' is not a place to ask; write service:port"),
    "a path where none is": ("p: {tcp: 'db:5432/x'}", "a connect has no path"),
    "a port that is none": ("p: {tcp: 'db:99999'}", "is not a place to ask"),
    "a line break in a path": ('p: {http: "web:8080/a\\r\\nX: y"}', "is not a place to ask"),
    "a space in a path": ("p: {http: 'web:8080/a b'}", "is not a place to ask"),
    "an unknown edge": ("p: {bytes: 'web->db'}", "no edge 'web->db'"),
    "a status that is none": ("p: {http: {at: 'web:8080/', status: 9}}", "9 is not an HTTP status"),
    "a command of psql": ("p: {sql: {service: db, query: '\\! id'}}", "is a command of psql itself"),
    "an option of redis-cli": ("p: {redis: {service: db, run: [-h, elsewhere]}}", "would be an option of redis-cli"),
    "an option as a program": ("p: {exec: {service: db, run: [--help]}}", "is not a program's name"),
    "an empty command": ("p: {exec: {service: db, run: []}}", "an empty command"),
    "a shell in a name": ("p: {dns: {from: web, name: '$(id)'}}", "is not a host's name"),
    "a connection string": ("p: {sql: {service: db, query: select 1, database: 'host=x'}}", "is not a plain name"),
    "every line": ("p: {log: {service: web, pattern: '*'}}", "every line matches"),
    "a limit without a number": ("p: {tcp: 'db:5432', value: '> 3'}", "reads no number"),
    "a limit that is none": ("p: {bytes: 'checkout->db:5432', value: '3'}", "is not a limit"),
    "a hurry": ("p: {tcp: 'db:5432', every: 1ms}", "0.001 s is out of bounds"),
    "a file outside": ("p: {python: {file: ../../x.py, function: f}}", "leads out of the experiment's folder"),
    "an absolute file": ("p: {python: {file: /etc/passwd, function: f}}", "leads out of the experiment's folder"),
    "a file that is not there": ("p: {python: {file: x.py, function: f}}", "there is no file 'x.py'"),
    "code as a function": ("p: {python: {function: 'os.system(1)'}}", "is not the name of a function"),
    "a flow's name": ("web: {tcp: 'db:5432'}\nload: {flows: {web: {}}}", "a flow is called 'web' too"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_probe_is_refused_with_its_place(problems: Listing, name: str) -> None:
    text, expected = WRONG[name]
    found = problems(file(text))
    assert any(expected in line for line in found), found


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        ("expect: {rows: {p99: '< 1s'}}", "p99 is a metric of a flow"),
        ("expect: {web: {holds: '>= 99%'}}", "holds is a metric of a probe"),
        ("expect: {rowz: {holds: '>= 99%'}}", "unknown flow or probe 'rowz'; did you mean 'rows'?"),
        ("expect: {alert(X): {within: 3s}}", "alert(X) names no probe"),
        ("expect: {rows: {within: 10m}}", "45 s are watched"),
        ("expect: {rows: {holds: '>= 99%', phases: [during]}}\nx-: 1", ""),
        ("stop: [{when: 'rows.p99 > 3s'}]", "unknown metric 'p99' of a probe"),
    ],
)
def test_a_probe_is_named_only_where_it_means_something(
    problems: Listing, load: Load, rest: str, expected: str
) -> None:
    text = file("rows: {tcp: 'db:5432'}", rest + "\n")
    if not expected:
        assert load(text).objectives
        return
    found = problems(text)
    assert any(expected in line for line in found), found


def test_a_link_that_leads_outside_is_not_followed(problems: Listing, tmp_path: Path) -> None:
    outside = tmp_path.parent / "outside.py"
    outside.write_text("def f(ask):\n    return True\n")
    (tmp_path / "inside.py").symlink_to(outside)
    found = problems(file("p: {python: {file: inside.py, function: f}}"))
    assert any("leads out of the experiment's folder" in line for line in found), found


def test_all_kinds_have_an_entry_that_tells_what_it_cannot_do() -> None:
    assert set(CATALOGUE) == set(ProbeKind)
    for entry in CATALOGUE.values():
        assert entry.asks and entry.driver and entry.settings and entry.cannot


def test_code_of_a_file_runs_here_only_when_a_person_says_so(problems: Listing, load: Load, tmp_path: Path) -> None:
    (tmp_path / "stock.py").write_text("raise SystemExit('nobody runs this before the run')\n")
    text = file("mine: {python: {file: stock.py, function: whole}}")
    assert problems(text) == [
        "6:18 the probe 'mine' runs code of 'stock.py' on this machine; read that file, then allow it with"
        " --allow-host-commands"
    ]
    (probe,) = load(text, allow_host_commands=True).probes
    assert probe.file == str(tmp_path / "stock.py")
    assert load(file("mine: {python: {function: a-package}}")).probes[0].file == ""
