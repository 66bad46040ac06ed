"""The plugin in a stranger's suite: own folder, own Compose file, tests as they are copied from the docs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

import installed
import shop

pytestmark = pytest.mark.timeout(600)

HANGS = """
    def test_shop_does_not_survive_a_database_that_hangs(chaos):
        with chaos.load("web", rate="50/s"):
            with chaos.inject("orders->db", hang=True, phase="gone"):
                chaos.hold("300s")
"""
FORGETS = """
    def test_that_forgets_to_leave(chaos):
        with chaos.load("web", rate="50/s"):
            chaos.steady("5s")
            chaos.inject("web->orders", slow="100ms").__enter__()
            chaos.hold("2s")

    def test_that_forgets_to_enter(chaos):
        with chaos.load("web", rate="50/s"):
            chaos.inject("web->orders", slow="100ms")

    def test_that_crashes_while_a_fault_holds(chaos):
        with chaos.load("web", rate="50/s"):
            chaos.steady("5s")
            with chaos.inject("web->orders", slow="100ms"):
                raise KeyError("mine")

    def test_that_asks_for_what_is_not_there(chaos):
        with chaos.load("web", rate="50/s"):
            with chaos.inject("web->nowhere", slow="100ms"):
                chaos.hold("2s")
"""
LEAKS = {
    "test_that_forgets_to_leave": "error",
    "test_that_forgets_to_enter": "error",
    "test_that_crashes_while_a_fault_holds": "failure",
    "test_that_asks_for_what_is_not_there": "error",
}
BREAKS = """
    def test_first(chaos):
        with chaos.load("web", rate="20/s"):
            with chaos.inject("orders->db", slow="50ms"):
                chaos.hold("3s")
        # What a breaker that never closes looks like from outside: the service itself is gone for good.
        orders = chaos.cluster.running.container("orders")
        orders.stop(timeout=1)
"""
NEXT = """
    def test_second(chaos):
        with chaos.load("web", rate="20/s"):
            chaos.steady("6s", web={"availability": ">= 99%"})
"""
FILE = """\
version: 1
load: {rate: 50/s, warmup: 1s, flows: {web: {}}}
steady: {for: 5s}
timeline: [{phase: slow, for: 6s, faults: [{on: "orders->db", slow: 200ms}]}]
expect: {web: [{availability: ">= 90%"}, {p99: "< 150ms"}]}
"""


class Suite:
    """A stranger's folder; `run` is pytest in it, the plugin found by its entry point."""

    def __init__(self, folder: Path, guest: str = "three-services", python: str | Path = sys.executable) -> None:
        for name in (guest, "two-services"):
            shutil.copytree(shop.GUESTS / name, folder / name)
        self.folder, self.python = folder / guest, python
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith(("REGIONFALL_", "COMPOSE_", "PYTEST_"))}

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(textwrap.dedent(text), encoding="utf-8")

    def start(self, *words: str, beside: tuple[str, ...] = (), **environ: str) -> subprocess.Popen[str]:
        others = ("cacheprovider", "hypothesispytest", "asyncio", "docker")
        without = [word for name in others if name not in beside for word in ("-p", f"no:{name}")]
        command = [str(self.python), "-m", "pytest", *without, *words]
        return subprocess.Popen(
            command, cwd=self.folder, env=self.environ | environ, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def run(self, *words: str, timeout: float = 300, beside: tuple[str, ...] = (), **environ: str) -> tuple[int, str]:
        process = self.start(*words, beside=beside, **environ)
        try:
            out, _ = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            raise
        return process.returncode, out

    def left(self) -> list[str]:
        """Containers of this folder that are still there."""
        home = f"label=regionfall.home={self.folder / '.regionfall'}"
        words = ["docker", "ps", "-aq", "--filter", home]
        return subprocess.run(words, capture_output=True, text=True, check=True, timeout=60).stdout.split()

    def junit(self, name: str) -> dict[str, tuple[str, str]]:
        """Testcase -> (what it is, its message), the tags as a reader of JUnit sees them."""
        found = {}
        for case in ET.parse(self.folder / name).getroot().iter("testcase"):
            marks = [child for child in case if child.tag in ("failure", "error", "skipped")]
            found[str(case.get("name"))] = (marks[0].tag, str(marks[0].get("message"))) if marks else ("passed", "")
        return found


@pytest.fixture
def suite(tmp_path):
    suite = Suite(tmp_path)
    yield suite
    assert suite.left() == []


def documented(name: str, entry: str, edge: str) -> str:
    """The first test of the page about pytest, with names of this stack, shorter times and a fault that is felt."""
    code = (installed.ROOT / "docs" / "python.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    for there, here in (
        ("test_checkout_survives_a_slow_database", name), ('"checkout"', f'"{entry}"'), ("orders->db", edge),
        ('"10s"', '"5s"'), ('"20s"', '"6s"'), ('"15s"', '"11s"'), ('"300ms"', '"2s"'),
    ):  # fmt: skip
        assert there in code
        code = code.replace(there, here)
    assert len(code.strip().splitlines()) <= 10
    return code


@pytest.fixture(scope="module")
def mixed(tmp_path_factory, others_waiting):
    """One run of pytest with everything that a suite may hold, the plugin installed from the built wheel: (folder, exit
    code, what it said, cases of its JUnit file)."""
    place = tmp_path_factory.mktemp("mixed")
    python = installed.environment(place / "venv", installed.wheel(place)) / "bin" / "python"
    suite = Suite(place, "survivor", python)
    suite.write("test_1_survives.py", documented("test_shop_survives", "web", "orders->db"))
    suite.write("test_2_fails.py", documented("test_shop_does_not_survive", "bare", "bare->db"))
    suite.write("test_3_untouched.py", documented("test_whose_fault_touches_nothing", "bare", "orders->db"))
    suite.write("test_4_leaks.py", FORGETS)
    suite.write("slow.chaos.yaml", FILE)
    how = ("-v", "-W", "error", "--chaos-seed=7")
    code, out = suite.run(*how, "--junitxml=out.xml", timeout=400)
    cases = suite.junit("out.xml")
    with others_waiting():
        for _ in range(3):
            if "sent more than 10 ms late" not in cases["test_shop_does_not_survive"][1]:
                break  # else another lane kept the machine busy; each time less of what it was at is left
            _, again = suite.run(*how, "--junitxml=again.xml", "test_2_fails.py")
            cases |= suite.junit("again.xml")
            out += again
    yield suite, code, out, cases
    assert suite.left() == []


def test_in_a_strangers_folder_the_documented_test_passes_fails_or_does_not_decide_with_its_evidence(mixed):
    _, code, out, cases = mixed
    assert code == 1, out
    assert "--chaos-seed=7" in out
    assert "bare p99 < 800ms: observed" in out
    assert "the fault bit: slow 2 s on bare->db" in out
    assert "worst second:" in out
    assert "report: .regionfall/runs/" in out
    assert "pytest 'test_2_fails.py::test_shop_does_not_survive' --chaos-seed=7" in out
    assert "Inconclusive: injection slow was not proved by effect" in out
    assert "harness/script/chaos.py" not in out, "the lines that matter are the test's"
    assert {name: what for name, (what, _) in cases.items()} == {
        "test_shop_survives": "passed",
        "test_shop_does_not_survive": "failure",
        "test_whose_fault_touches_nothing": "error",
        "slow.chaos.yaml": "failure",
        "web availability >= 90% in slow": "passed",
        "web p99 < 150ms in slow": "failure",
    } | LEAKS
    assert cases["test_whose_fault_touches_nothing"][1].startswith("inconclusive: ")
    assert "observed" in cases["web p99 < 150ms in slow"][1]


def test_no_fault_outlives_its_test_and_whoever_leaks_one_is_named(mixed):
    suite, _, out, _ = mixed
    assert "slow 100ms on web->orders still held at the end" in out
    assert "slow 100ms on web->orders was never entered" in out
    assert "KeyError: 'mine'" in out
    assert "web->nowhere" in out and "USAGE" in out
    for folder in sorted((suite.folder / ".regionfall" / "runs").iterdir()):
        verdict = json.loads((folder / "verdict.json").read_text())
        assert verdict["cleanup"] == "verified", folder
        assert all(one["state"] == "healed" for one in verdict["injections"]), folder


@pytest.mark.drill
def test_the_next_test_starts_from_the_baseline_of_a_stack_that_was_made_anew(suite):
    """The predecessor stops a service for good; only a new stack answers the next test."""
    suite.write("test_next.py", BREAKS + NEXT)
    code, out = suite.run("-v")
    assert code == 0 and "2 passed" in out, out


@pytest.mark.parametrize("number", [pytest.param(signal.SIGINT, marks=pytest.mark.drill), signal.SIGTERM])
def test_an_interrupted_suite_leaves_neither_faults_nor_containers(suite, number):
    suite.write("test_long.py", HANGS)
    process = suite.start()
    journal = suite.folder / ".regionfall" / "latest" / "events.ndjson"
    shop.wait_for(lambda: journal.exists() and "injection_holding" in journal.read_text(), timeout=120)
    begun = time.monotonic()
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    took = time.monotonic() - begun
    assert process.returncode == 2, out
    assert '"injection_healed"' in journal.read_text()
    assert suite.left() == []
    print(f"{took:.1f} s from signal to nothing left")


@pytest.mark.drill
@pytest.mark.parametrize("workers", [2, 4])
def test_workers_share_one_stack_and_take_it_down(suite, workers):
    quick = """
        def test_{n}(chaos):
            with chaos.load("web", rate="20/s"):
                with chaos.inject("orders->db", slow="50ms"):
                    chaos.hold("3s")
            chaos.expect("web", availability=">= 90%")
    """
    for number in range(workers):
        suite.write(f"test_{number}.py", quick.format(n=number))
    code, out = suite.run("-n", str(workers), "-p", "xdist", timeout=400)
    assert code == 0, out
    assert f"{workers} passed" in out, out
    ups = list((suite.folder / ".regionfall" / "up").iterdir())
    assert len(ups) == 1


@pytest.mark.drill
def test_tests_with_other_compose_files_get_another_stack_and_only_one_is_up(suite):
    """The second file comes from pytest-docker's fixture, the third from the marker."""
    text = (suite.folder / "compose.yaml").read_text()
    for name in ("second", "third"):
        suite.write(f"{name}.yaml", text.replace("name: three-services", f"name: {name}-services"))
    suite.write(
        "test_files.py",
        """
        import subprocess
        from pathlib import Path

        import pytest

        @pytest.fixture(scope="session")
        def docker_compose_file():
            return str(Path(__file__).parent / "second.yaml")

        def up(chaos_cluster):
            home = f"label=regionfall.home={chaos_cluster.workspace.home}"
            words = ["docker", "ps", "--filter", home, "--format", "{{.Label \\"com.docker.compose.project\\"}}"]
            return set(subprocess.run(words, capture_output=True, text=True, check=True).stdout.split())

        def test_second(chaos_cluster):
            assert chaos_cluster.name == "second-services"
            assert up(chaos_cluster) == {chaos_cluster.running.name}

        @pytest.mark.chaos(compose="third.yaml")
        def test_third(chaos_cluster):
            assert chaos_cluster.name == "third-services"
            assert up(chaos_cluster) == {chaos_cluster.running.name}
        """,
    )
    code, out = suite.run()
    assert code == 0, out
    assert "2 passed" in out, out


@pytest.mark.drill
def test_an_edge_in_the_tests_own_hands_and_a_probe_and_nothing_of_it_is_left_for_the_next(suite):
    suite.write(
        "test_hands.py",
        """
        import pytest
        import toxiproxy

        import harness

        def test_first(chaos, chaos_edge, chaos_probe):
            database = chaos_probe("database", tcp="db:8080", every="1s")
            database.check()
            with pytest.raises(TypeError, match="good, bad or unknown"):
                bool(database)
            edge = chaos_edge("orders->db")
            assert (edge.id, edge.caller, edge.callee, edge.port) == ("orders->db:8080", "orders", "db", 8080)
            with pytest.raises(harness.UsageError, match="web->orders"):
                chaos_edge("web->order")
            with chaos.load("web", rate="20/s"):
                chaos.steady("5s")
                assert isinstance(edge.proxy, toxiproxy.Proxy)
                edge.proxy.add_toxic(type="latency", attributes={"latency": 300})
                chaos.hold("4s", phase="by-hand")
                edge.proxy.disable()
                chaos.hold("3s", phase="gone")
            chaos.expect("web", p50="> 250ms", phases=["by-hand"])
            chaos.expect("web", availability="<= 50%", phases=["gone"])
            chaos.expect("database", holds=">= 100%")

        def test_second(chaos, chaos_edge, chaos_probe):
            assert chaos_edge("orders->db").proxy.toxics() == {}
            chaos_edge("orders->db").proxy.add_toxic(type="latency", attributes={"latency": 300})
            with pytest.raises(harness.ResilienceFailed, match="probe page"):
                chaos_probe("page", http={"at": "web:8080/", "status": 404}).check()
            raise KeyError("mine")

        def test_third(chaos):
            with chaos.load("web", rate="20/s"):
                chaos.steady("5s", web={"availability": ">= 99%", "p90": "< 250ms"})
        """,
    )
    _, out = suite.run("-v")
    assert "2 passed" in out and "1 failed" in out and "KeyError: 'mine'" in out, out


@pytest.mark.drill
def test_beside_pytest_asyncio_and_the_real_pytest_docker(suite):
    """Both installed, an event loop in use, and the Compose file from pytest-docker's own fixture."""
    pytest.importorskip("pytest_asyncio")
    pytest.importorskip("pytest_docker")
    suite.write("pytest.ini", "[pytest]\nasyncio_mode = auto\n")
    (suite.folder / "tests").mkdir()
    text = (suite.folder / "compose.yaml").read_text().replace("../two-services", "../../two-services")
    (suite.folder / "tests" / "docker-compose.yml").write_text(text.replace("name: three", "name: asked-three"))
    suite.write(
        "tests/test_both.py",
        """
        import asyncio

        async def test_in_a_loop(chaos):
            await asyncio.sleep(0)
            with chaos.load("web", rate="20/s"):
                with chaos.inject("orders->db", slow="50ms"):
                    chaos.hold("3s")
            chaos.expect("web", availability=">= 90%")
            assert chaos.cluster.name == "asked-three-services"
        """,
    )
    code, out = suite.run("-v", beside=("asyncio", "docker"))
    assert code == 0 and "1 passed" in out, out
