"""Compose projects as people write them, read through the real Compose CLI."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from ruamel.yaml import YAML

from harness.cluster.compose import read_config
from harness.cluster.engine import compose
from harness.cluster.project import Project, read_project
from harness.cluster.weave import weave
from harness.model.errors import InvalidFile

IMAGES = SimpleNamespace(base="regionfall/base:b", border="regionfall/border:x", load="regionfall/load:l")


def read(folder: Path, text: str, **environ: str) -> Project:
    (folder / "compose.yaml").write_text(text)
    return read_project(None, directory=folder, environ={**os.environ, **environ})


def problem_of(folder: Path, text: str) -> str:
    with pytest.raises(InvalidFile) as caught:
        read(folder, text)
    [problem] = caught.value.problems
    return str(problem).removeprefix(f"{folder}/")


def again(project: Project, folder: Path) -> dict[str, Any]:
    """What Compose makes of the rendered file: the second reading."""
    woven = weave(project, home=folder / ".regionfall", run="r", images=IMAGES)
    rendered = folder / "rendered" / "woven.compose.yaml"
    rendered.parent.mkdir()
    rendered.write_text(woven.text)
    config, _ = read_config([rendered], project=woven.name, directory=rendered.parent, environ=os.environ)
    return config


def test_awkward_values_survive_both_readings(tmp_path: Path) -> None:
    (tmp_path / "more.env").write_text("FROM_FILE='a $$b'\n")
    project = read(
        tmp_path,
        """
name: odd
services:
  web:
    image: app
    env_file: more.env
    command: ["sh", "-c", "echo $$HOME; test '$$$$'"]
    environment:
      PRICE: "costs $$5"
      SWITCH: "yes"
      MODE: "0644"
      DAY: "2021-12-07"
      LINES: |
        one
        two: "2"
      GIVEN: "${GIVEN}"
      EMPTY: ""
      UMLAUT: "größer – ☂"
    healthcheck: {test: ["CMD-SHELL", "test $$X"], interval: 1s}
    labels: {regionfall.region: east, other: "a $$ b"}
""",
        GIVEN="a$b'\"",
    )
    first, second = project.config["services"]["web"], again(project, tmp_path)["services"]["web"]
    for key in ("command", "environment", "healthcheck"):
        assert second[key] == first[key]
    assert second["labels"]["other"] == "a $ b"
    assert second["environment"]["GIVEN"] == "a$b'\""
    assert second["environment"]["PRICE"] == "costs $5"


def test_the_base_image_is_filled_in_when_it_is_known(tmp_path: Path) -> None:
    text = 'name: b\nservices:\n  web:\n    build: {context: ., args: {BASE: "${REGIONFALL_BASE:?}"}}\n'
    config = again(read(tmp_path, text), tmp_path)
    assert config["services"]["web"]["build"]["args"] == {"BASE": "regionfall/base:b"}


def test_files_stay_where_they_are_seen_from_the_rendered_copy(tmp_path: Path) -> None:
    (tmp_path / "key.txt").write_text("k")
    text = """
name: files
services:
  web:
    image: app
    build: .
    volumes: ["./data:/data:ro", "named:/named"]
    secrets: [key]
    configs: [{source: conf, target: /conf}]
secrets: {key: {file: ./key.txt}}
configs: {conf: {file: ./key.txt}}
volumes: {named: {}}
"""
    config = again(read(tmp_path, text), tmp_path)
    web = config["services"]["web"]
    assert web["build"]["context"] == str(tmp_path)
    assert [mount["source"] for mount in web["volumes"]] == [str(tmp_path / "data"), "named"]
    assert config["secrets"]["key"]["file"] == config["configs"]["conf"]["file"] == str(tmp_path / "key.txt")
    assert config["volumes"]["named"]["name"].endswith("_named")
    assert config["volumes"]["named"]["name"] != "files_named"


def test_profiles_and_the_project_name_of_the_environment_are_obeyed(tmp_path: Path) -> None:
    text = "services:\n  a: {image: x}\n  b: {image: x, profiles: [extra]}\n"
    assert [s.name for s in read(tmp_path, text).stack.services] == ["a"]
    project = read(tmp_path, text, COMPOSE_PROFILES="extra", COMPOSE_PROJECT_NAME="named")
    assert [s.name for s in project.stack.services] == ["a", "b"]
    assert project.name == "named"
    assert set(again(project, tmp_path)["services"]) == {"a", "b", "border-local"}


def test_an_overlay_that_holds_labels_only_is_enough(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "name: o\nservices:\n  web: {image: x, depends_on: [db]}\n  db: {image: x}\n"
    )
    overlay = tmp_path / "regions.yaml"
    overlay.write_text(
        'services:\n  web:\n    labels:\n      regionfall.region: east\n      regionfall.calls: "bd:1"\n'
    )
    with pytest.raises(InvalidFile) as caught:
        read_project([Path("compose.yaml"), Path("regions.yaml")], directory=tmp_path, environ=os.environ)
    assert str(caught.value).startswith(f"{overlay}:5:7 ")


@pytest.mark.parametrize(
    ("text", "start", "words"),
    [
        ("services: [\n", "compose.yaml:", "yaml"),
        ("services:\n  web:\n    imag: x\n", "compose.yaml:2:3 ", "imag"),
        ("services:\n  web:\n    image: x\n    depends_on: [y]\n", "compose.yaml:2:3 ", '"y"'),
        ("services:\n  web:\n    image: ${NOWHERE:?must be set}\n", "compose.yaml:3:5 ", "must be set"),
        ("services: {}\n", "compose.yaml:1:1 ", "service"),
    ],
)
def test_a_project_that_compose_refuses_is_an_invalid_file(tmp_path: Path, text: str, start: str, words: str) -> None:
    problem = problem_of(tmp_path, text)
    assert problem.startswith(start)
    assert words in problem


def test_a_variable_without_a_value_is_a_note(tmp_path: Path) -> None:
    project = read(tmp_path, "name: v\nservices:\n  web: {image: 'x${NOT_SET_ANYWHERE}'}\n")
    assert [note for note in project.notes if "NOT_SET_ANYWHERE" in note]


@pytest.mark.parametrize("guest", ["two-services", "stranger"])
def test_compose_accepts_the_rendered_guests(tmp_path: Path, checkout: Path, guest: str) -> None:
    project = read_project(None, directory=checkout / "tests" / "guests" / guest, environ=os.environ)
    woven = weave(project, home=tmp_path, run="r", images=IMAGES)
    (tmp_path / "woven.compose.yaml").write_text(woven.text)
    text = compose(["-f", "woven.compose.yaml", "config"], directory=tmp_path)
    services = YAML(typ="safe", pure=True).load(text)["services"]
    assert set(woven.guests) | set(woven.border_services.values()) | {"load"} == set(services)
