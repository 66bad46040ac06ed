"""Labels become a stack, or problems with line and column."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from woven import problems, read

from harness.cluster.compose import compose_files
from harness.model.errors import InvalidFile
from harness.model.stack import INTERNET, Edge


def test_declared_calls_and_entries_become_edges(tmp_path: Path) -> None:
    stack = read(
        tmp_path,
        """
services:
  web: {image: a, labels: {regionfall.region: east, regionfall.calls: "db:5432#data", regionfall.entry: 80/http/x}}
  db: {image: a, labels: {regionfall.region: west}}
x-regionfall: {rtt: {east~west: 60ms}}
""",
    ).stack
    assert stack.edges == (
        Edge("web", "db", 5432, "data", "east", "west"),
        Edge("load", "web", 80, "", INTERNET, "east"),
    )
    assert stack.distance_s("west", "east") == pytest.approx(0.06)


@pytest.mark.parametrize(
    ("labels", "place", "text"),
    [
        ('{regionfall.calls: "dbb:5432"}', "4:14", "no service 'dbb'; did you mean 'db'?"),
        ('{regionfall.calls: "api.example.com:443"}', "4:14", "hosts outside the project are not handled yet"),
        ('{regionfall.calls: "db:99999"}', "4:14", "99999"),
        ('{regionfall.calls: "web:80"}', "4:14", "does not reach itself"),
        ('{regionfall.cals: "db:80"}', "4:14", "did you mean 'regionfall.calls'?"),
        ('{other: x, regionfall.region: "a b"}', "4:24", "not a name"),
    ],
)
def test_an_impossible_label_is_refused_where_it_stands(tmp_path: Path, labels: str, place: str, text: str) -> None:
    [problem] = problems(tmp_path, f"services:\n  web:\n    image: a\n    labels: {labels}\n  db: {{image: a}}\n")
    assert problem.startswith(f"compose.yaml:{place} ")
    assert text in problem


def test_a_label_in_a_list_is_found_too(tmp_path: Path) -> None:
    [problem] = problems(
        tmp_path,
        "services:\n  web:\n    image: a\n    labels:\n      - regionfall.region=east\n      - regionfall.role=a b\n",
    )
    assert problem.startswith("compose.yaml:6:9 ")


def test_all_problems_are_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    found = problems(
        tmp_path,
        """services:
  web: {image: a, network_mode: host, labels: {regionfall.calls: "x:1 y:2"}}
  two: {image: a, scale: 0}
  three: {image: a, privileged: true}
x-regionfall: {engines: {east: far}, rtt: {east~west: 5ms}}
""",
    )
    places = [problem.split(" ", 1)[0] for problem in found]
    assert places == [
        "compose.yaml:2:19",
        "compose.yaml:2:48",
        "compose.yaml:2:48",
        "compose.yaml:3:19",
        "compose.yaml:4:21",
        "compose.yaml:5:16",
        "compose.yaml:5:44",
        "compose.yaml:5:44",
    ]


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("network_mode: host", "network_mode 'host'"),
        ("network_mode: 'service:db'", "network_mode 'service:db'"),
        ("pid: host", "pid 'host'"),
        ("deploy: {replicas: 0}", "0 copies are none"),
        ("external_links: [old:db]", "'old:db'"),
        ("volumes_from: ['container:x']", "container:x"),
        ("privileged: true", "privileged"),
        ("volumes: [{type: bind, source: /var/run/docker.sock, target: /s}]", "/var/run/docker.sock"),
    ],
)
def test_what_cannot_stand_behind_proxies_is_refused_by_name(tmp_path: Path, key: str, word: str) -> None:
    [problem] = problems(tmp_path, f"services:\n  web:\n    image: a\n    {key}\n  db: {{image: a}}\n")
    assert problem.startswith("compose.yaml:4:5 service 'web': ")
    assert word in problem


def test_a_group_lives_in_one_region(tmp_path: Path) -> None:
    [problem] = problems(
        tmp_path,
        """services:
  a: {image: a, labels: {regionfall.region: east, regionfall.together: g}}
  b: {image: a, labels: {regionfall.region: west, regionfall.together: g}}
""",
    )
    assert "one group lives in one region" in problem


def test_a_call_inside_a_group_is_said_to_be_unproxied(tmp_path: Path) -> None:
    project = read(
        tmp_path,
        """services:
  a: {image: a, labels: {regionfall.together: g, regionfall.calls: "b:80"}}
  b: {image: a, labels: {regionfall.together: g}}
""",
    )
    assert project.stack.edges == ()
    assert [note for note in project.notes if "a -> b:80" in note]


def test_a_distance_to_an_unknown_region_is_refused(tmp_path: Path) -> None:
    text = "services:\n  a: {image: a, labels: {regionfall.region: east}}\nx-regionfall: {rtt: {east~wset: 5ms}}\n"
    [problem] = problems(tmp_path, text)
    assert problem.startswith("compose.yaml:3:22 ")
    assert "'wset'" in problem


def test_an_explicit_file_adds_no_override(tmp_path: Path) -> None:
    for name in ("compose.yaml", "compose.override.yaml"):
        (tmp_path / name).write_text("services: {}\n")
    assert compose_files([Path("compose.yaml")], tmp_path, {}) == (tmp_path / "compose.yaml",)
    assert compose_files([], tmp_path, {}) == (tmp_path / "compose.yaml", tmp_path / "compose.override.yaml")


def test_compose_file_of_the_environment_and_of_the_env_file_is_obeyed(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml", "compose.yaml"):
        (tmp_path / name).write_text("services: {}\n")
    assert compose_files([], tmp_path, {"COMPOSE_FILE": "a.yaml:b.yaml"}) == (tmp_path / "a.yaml", tmp_path / "b.yaml")
    (tmp_path / ".env").write_text("COMPOSE_FILE=b.yaml\nOTHER=1\n")
    assert compose_files([], tmp_path, {}) == (tmp_path / "b.yaml",)


def test_a_project_is_found_from_a_folder_below_it(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("services: {}\n")
    (tmp_path / "src").mkdir()
    assert compose_files([], tmp_path / "src", {}) == (tmp_path / "compose.yml",)


def test_missing_files_are_named_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile) as caught:
        compose_files([Path("a.yaml"), Path("b.yaml")], tmp_path, {})
    assert [(problem.file, problem.line, problem.column) for problem in caught.value.problems] == [
        (str(tmp_path / "a.yaml"), 1, 1),
        (str(tmp_path / "b.yaml"), 1, 1),
    ]


def test_a_protected_service_knows_the_line_that_protects_it(tmp_path: Path) -> None:
    text = """\
services:
  web: {image: x, labels: {regionfall.entry: "8080/http", regionfall.calls: "db:5432"}}
  db:
    image: x
    labels:
      regionfall.protect: "true"
"""
    assert read(tmp_path, text).stack.protected_at == (("db", f"{tmp_path / 'compose.yaml'}:6"),)
