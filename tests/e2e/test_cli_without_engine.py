"""Commands that need no engine, and every exit code that can be had without one."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
GUEST = REPOSITORY / "tests" / "guests" / "two-services"


def regionfall(directory: Path, *words: str, **environ: str):
    """One command without a reachable engine."""
    env = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(directory),
        "DOCKER_HOST": "unix:///nowhere.sock",
        **environ,
    }
    return subprocess.run(
        [sys.executable, "-m", "harness", *words],
        cwd=directory,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def broken(directory: Path, text: str) -> Path:
    path = directory / "x.chaos.yaml"
    path.write_text(text)
    return path


def test_no_arguments_say_what_to_do_next_here(tmp_path):
    done = regionfall(tmp_path)
    assert done.returncode == 0 and "regionfall demo" in done.stdout
    assert not (tmp_path / ".regionfall").exists()


@pytest.mark.parametrize(
    "words",
    [
        *(("--help",), ("run", "--help"), ("heal", "--help"), ("runs", "--help"), ("break", "--help")),
        *(("fault", "add", "--help"), ("fault", "rm", "--help"), ("halt", "--help"), ("lever", "--help")),
    ],
)
def test_help_is_zero_and_speaks_the_users_words(tmp_path, words):
    done = regionfall(tmp_path, *words)
    assert done.returncode == 0
    text = done.stdout.lower()
    for word in ("border", "weave", "woven", "guardian", "lease", "arrival", "posture"):
        assert not re.search(rf"\b{word}", text), word


@pytest.mark.parametrize(
    "words",
    [
        *(("nonsense",), ("run",), ("run", "x", "--nonsense"), ("report", "nothing"), ("explain", "x")),
        *(("break",), ("break", "db", "--for"), ("fault",), ("fault", "add"), ("lever", "engage"), ("lever", "pull")),
    ],
)
def test_a_usage_error_is_two(tmp_path, words):
    assert regionfall(tmp_path, *words).returncode == 2


def test_a_broken_file_is_two_with_every_problem_at_its_place_and_nothing_touched(tmp_path):
    broken(tmp_path, "version: 1\nname: x\nstaedy: {for: 5s}\nload: {rate: 5}\nbreak: web\nfor: 30\n")
    done = regionfall(tmp_path, "run", "x.chaos.yaml")
    assert done.returncode == 2
    lines = [line for line in done.stderr.splitlines() if "x.chaos.yaml:" in line]
    assert any(":3:1 " in line and "steady" in line for line in lines), done.stderr
    assert len(lines) >= 3 and not (tmp_path / ".regionfall" / "latest").exists()


def test_a_compose_project_that_is_not_there_is_two_at_the_line_that_names_it(tmp_path):
    broken(tmp_path, "version: 1\nname: x\nstack: {compose: nowhere.yaml}\nbreak: web\nfor: 30s\n")
    done = regionfall(tmp_path, "plan", "x.chaos.yaml")
    assert done.returncode == 2 and "x.chaos.yaml:3:" in done.stderr and "nowhere.yaml" in done.stderr


def test_nothing_selected_is_five(tmp_path):
    (tmp_path / "empty").mkdir()
    assert regionfall(tmp_path, "run", "empty").returncode == 5


def test_an_engine_that_cannot_be_reached_is_four_with_a_next_step_and_a_report(tmp_path):
    broken(
        tmp_path, f"version: 1\nname: x\nstack: {{compose: {GUEST}/compose.yaml}}\nbreak: orders\nhow: hang\nfor: 15s\n"
    )
    done = regionfall(tmp_path, "run", "x.chaos.yaml")
    assert done.returncode == 4, done.stderr
    folder = (tmp_path / ".regionfall" / "latest").resolve()
    assert (folder / "report.html").exists()
    verdict = json.loads((folder / "verdict.json").read_text())
    assert (verdict["status"], verdict["verdict"]) == ("errored", None) or verdict["verdict"] == "inconclusive"


def test_plan_needs_no_engine_and_touches_nothing(tmp_path):
    broken(
        tmp_path, f"version: 1\nname: x\nstack: {{compose: {GUEST}/compose.yaml}}\nbreak: orders\nhow: hang\nfor: 15s\n"
    )
    done = regionfall(tmp_path, "plan", "x.chaos.yaml")
    assert done.returncode == 0, done.stderr
    assert "hang" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir() if path.name != ".docker") == ["x.chaos.yaml"]


def test_plan_as_json_is_one_line_and_nothing_else(tmp_path):
    broken(
        tmp_path, f"version: 1\nname: x\nstack: {{compose: {GUEST}/compose.yaml}}\nbreak: orders\nhow: hang\nfor: 15s\n"
    )
    done = regionfall(tmp_path, "plan", "x.chaos.yaml", "--json")
    assert done.returncode == 0 and done.stdout.count("\n") == 1
    assert json.loads(done.stdout)["name"] == "x"


@pytest.mark.parametrize("topic", ["faults", "metrics", "exit-codes", "labels", "files"])
def test_every_topic_is_explained_in_words_and_as_json(tmp_path, topic):
    rows = json.loads(regionfall(tmp_path, "explain", topic, "--json").stdout)
    assert rows and all("name" in row for row in rows)
    assert rows[0]["name"] in regionfall(tmp_path, "explain", topic).stdout


def test_the_name_of_a_fault_where_a_topic_is_asked_for_is_led_there(tmp_path):
    done = regionfall(tmp_path, "explain", "bandwidth")
    assert done.returncode == 2 and "regionfall explain faults bandwidth" in done.stderr


def test_the_schema_is_json_accepts_the_replay_and_refuses_it_with_a_key_of_no_meaning(tmp_path):
    jsonschema = pytest.importorskip("jsonschema")
    from ruamel.yaml import YAML

    schema = json.loads(regionfall(tmp_path, "schema").stdout)
    replay = next((REPOSITORY / "experiments").glob("*.chaos.yaml"))
    document = json.loads(json.dumps(YAML(typ="safe").load(replay)))
    jsonschema.validate(document, schema)
    with pytest.raises(jsonschema.ValidationError, match="tymeline"):
        jsonschema.validate(document | {"tymeline": []}, schema)


def test_a_bug_of_ours_is_seventy_and_leaves_its_traceback_in_a_file(tmp_path):
    code = (
        "import sys, harness.cli.entry as e\n"
        "def boom(rest): raise RuntimeError('boom')\n"
        "e._command = boom\nsys.exit(e.run(['runs', 'ls']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 70 and "internal error" in done.stderr and "Traceback" not in done.stderr
    assert "boom" in next((tmp_path / ".regionfall").glob("crash-*.txt")).read_text()
