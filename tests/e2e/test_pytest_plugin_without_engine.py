"""What the plugin does to a suite that does not use it, or has no engine: next to nothing, and never a quiet pass."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import harness

NO_ENGINE = {"DOCKER_HOST": "unix:///nowhere/docker.sock"}
USES = """
    def test_shop(chaos):
        with chaos.load("web"):
            pass
"""


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    (tmp_path / "compose.yaml").write_text("services: {web: {image: nothing}}\n")
    return tmp_path


def run(folder: Path, *words: str, beside: tuple[str, ...] = (), **environ: str) -> tuple[int, str]:
    others = {"asyncio", "docker", "cacheprovider"} - {*beside}
    without = [word for name in sorted(others) for word in ("-p", f"no:{name}")]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("REGIONFALL_", "PYTEST_")) and k != "CI"}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *without, *words], cwd=folder, env=clean | NO_ENGINE | environ,
        capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(textwrap.dedent(text), encoding="utf-8")


def test_a_suite_that_does_not_use_it_loads_neither_docker_nor_locust_nor_toxiproxy(suite: Path) -> None:
    write(
        suite,
        "test_plain.py",
        """
        import sys

        def test_nothing_heavy_is_here():
            heavy = ("docker", "locust", "toxiproxy", "gevent", "numpy", "scipy", "pydantic", "harness.cluster")
            assert [name for name in heavy if name in sys.modules] == []
            assert "harness.pytest_plugin" in sys.modules
        """,
    )
    code, out = run(suite, "-W", "error", "-p", "no:hypothesispytest")
    assert code == 0, out


def test_a_suite_with_its_own_session_fixture_and_host_option_is_not_disturbed(suite: Path) -> None:
    write(
        suite,
        "conftest.py",
        """
        import pytest

        def pytest_addoption(parser):
            parser.addoption("--host", "-H", default="mine")

        @pytest.fixture
        def session(request):
            return request.config.getoption("--host")
        """,
    )
    write(
        suite,
        "test_plain.py",
        """
        def test_mine(session, request):
            assert session == "yours"
            assert not request.config.pluginmanager.hasplugin("pytest_locust.plugin")
        """,
    )
    code, out = run(suite, "--host", "yours", "-W", "error")
    assert code == 0, out


def test_without_an_engine_a_test_is_skipped_but_never_in_ci(suite: Path) -> None:
    write(suite, "test_shop.py", USES)
    code, out = run(suite, "-ra")
    assert code == 0 and "1 skipped" in out and "no Docker engine here" in out, out
    code, out = run(suite, CI="true")
    assert code == 1 and "1 error" in out and "does not answer" in out, out


def test_an_experiment_file_is_collected_skipped_without_an_engine_and_an_error_when_asked_for_by_name(
    suite: Path,
) -> None:
    write(suite, "slow.chaos.yaml", "version: 1\nbreak: web\n")
    code, out = run(suite, "--collect-only", "-q")
    assert code == 0 and "slow.chaos.yaml::slow.chaos.yaml" in out, out
    code, out = run(suite, "-ra")
    assert code == 0 and "1 skipped" in out, out
    code, out = run(suite, "slow.chaos.yaml")
    assert code == 1 and "ENVIRONMENT" in out, out


def test_it_can_be_switched_off_and_files_need_not_be_tests(suite: Path) -> None:
    write(suite, "slow.chaos.yaml", "version: 1\nbreak: web\n")
    write(suite, "test_shop.py", USES)
    code, out = run(suite, "-p", "no:regionfall")
    assert code == 1 and "fixture 'chaos' not found" in out and "1 error" in out, out
    code, out = run(suite, "-o", "chaos_files=false", "--collect-only", "-q")
    assert "slow.chaos.yaml" not in out, out


FAKED = """
    def test_that_expects_something(chaos, chaos_edge):
        with chaos.load("web", rate="50/s"):
            chaos.steady("10s")
            with chaos_edge("web->db").inject(slow="300ms"):
                chaos.hold("2h")
            chaos.recover("15s")
        chaos.expect("web", availability=">= 99%", recovers_within="15s")

    def test_that_expects_nothing(chaos):
        with chaos.load("web"):
            with chaos.inject("db", "kill"):
                chaos.hold("5s")
"""
TYPO = """
    def test_with_a_typo(chaos):
        with chaos.load("web"):
            with chaos.inject("web->dbb", slow="300ms"):
                chaos.hold("2s")

    def test_with_a_limit_that_is_none(chaos):
        with chaos.load("web"):
            with chaos.inject("db", "kill"):
                chaos.hold("2s")
        chaos.expect("web", p98="< 1s")

    def test_that_asks_what_is_not_there(chaos_cluster):
        chaos_cluster.running

    def test_that_never_enters(chaos):
        with chaos.load("web"):
            chaos.inject("db", "kill")
"""
LABELLED = """\
services:
  web:
    image: nothing
    labels: {regionfall.region: east, regionfall.calls: "db:5432", regionfall.entry: "8080/http"}
  db: {image: nothing, labels: {regionfall.region: west}}
"""


@pytest.mark.parametrize("answer", ["passed", "failed", "inconclusive"])
def test_a_fake_cluster_answers_by_order_and_shows_which_tests_expect_nothing(suite: Path, answer: str) -> None:
    (suite / "compose.yaml").write_text(LABELLED)
    write(suite, "test_faked.py", FAKED)
    code, out = run(suite, "--chaos-fake", f"--chaos-fake-answer={answer}", CI="true")
    assert out.count(f"FAKE, nothing is broken and every answer is '{answer}' by order") == 2, "head and end"
    ended = {"passed": "2 passed", "failed": "1 failed, 1 passed", "inconclusive": "1 passed, 1 error"}[answer]
    assert ended in out and code == (answer != "passed"), out
    assert not (suite / ".regionfall" / "runs").exists()


def test_what_failed_last_runs_first_and_the_first_failure_ends_it(suite: Path) -> None:
    (suite / "compose.yaml").write_text(LABELLED)
    write(suite, "test_faked.py", FAKED.replace("test_that_expects_something", "test_b") + "\n    def test_c(): pass\n")
    fake = ("--chaos-fake", "--chaos-fake-answer=failed")
    code, out = run(suite, *fake, "-x", beside=("cacheprovider",))
    assert code == 1 and "1 failed in" in out, out
    code, out = run(suite, *fake, "--lf", beside=("cacheprovider",))
    assert code == 1 and "1 failed" in out and "run-last-failure" in out, out
    code, out = run(suite, "--chaos-fake", "--lf", beside=("cacheprovider",))
    assert code == 0 and "1 passed" in out, out


BOTH = """
    import pytest

    async def test_in_a_loop(chaos):
        with chaos.load("web", rate="20/s"):
            with chaos.inject("web->db", slow="50ms"):
                chaos.hold("3s")
        chaos.expect("web", availability=">= 90%")

    def test_second(chaos_cluster):
        assert chaos_cluster.name == "second"

    @pytest.mark.chaos(compose="third.yaml")
    def test_third(chaos_cluster):
        assert chaos_cluster.name == "third"
"""


def test_beside_pytest_asyncio_pytest_docker_and_workers_each_test_gets_its_own_compose_file(suite: Path) -> None:
    """The first two use the file of pytest-docker's own fixture, the third that of its marker."""
    pytest.importorskip("pytest_asyncio")
    pytest.importorskip("pytest_docker")
    (suite / "tests").mkdir()
    for name, path in (("second", "tests/docker-compose.yml"), ("third", "tests/third.yaml")):
        (suite / path).write_text(f"name: {name}\n{LABELLED}")
    write(suite, "pytest.ini", "[pytest]\nasyncio_mode = auto\n")
    write(suite, "tests/test_both.py", BOTH)
    code, out = run(suite, "--chaos-fake", "-n", "2", beside=("asyncio", "docker"))
    assert code == 0 and "3 passed" in out, out


def test_a_fake_cluster_refuses_what_a_real_one_would(suite: Path) -> None:
    (suite / "compose.yaml").write_text(LABELLED)
    write(suite, "test_typos.py", TYPO)
    write(suite, "wrong.chaos.yaml", "version: 1\nbreak: nowhere\n")
    code, out = run(suite, "--chaos-fake")
    assert code == 1 and "passed" not in out.splitlines()[-2], out
    assert "did you mean 'web->db" in out or "did you mean 'db'" in out, out
    assert "p98" in out and "nothing runs that could be asked" in out
    assert "kill on db was never entered" in out
    assert "wrong.chaos.yaml:2:" in out


def test_its_options_markers_and_fixtures_all_begin_with_chaos_or_say_experiment(suite: Path) -> None:
    write(suite, "test_plain.py", "def test_nothing(): pass\n")
    _, options = run(suite, "--help")
    ours = options.partition("chaos experiments (regionfall):")[2].partition("\n\n")[0]
    names = [word.split("=")[0] for word in ours.split() if word.startswith("--")]
    assert names and all(name.startswith("--chaos-") for name in names)
    _, fixtures = run(suite, "--fixtures", "-q")
    told = [line.split()[0] for line in fixtures.splitlines() if "harness/pytest_plugin" in line]
    assert told and all(name.startswith("chaos") for name in told), told


def test_the_public_names_are_there_and_nothing_else_is() -> None:
    for name in harness.__all__:
        assert getattr(harness, name).__name__ == name
    assert sorted(harness.__all__) == dir(harness)
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = harness.Nothing
    assert issubclass(harness.ResilienceFailed, AssertionError)
    assert str(harness.Inconclusive) == "<class 'harness.Inconclusive'>", "as tracebacks name it"
