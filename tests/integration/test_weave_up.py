"""Guests on the real engine: woven, reached, cut off from everything undeclared, taken away."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import urlopen
from uuid import uuid4

import docker
import pytest

from harness.cluster.cluster import Cluster, down_all, find_cluster, standing_clusters
from harness.cluster.engine import connect
from harness.cluster.images import Images, ensure_images
from harness.cluster.project import read_project
from harness.cluster.weave import Woven, weave
from harness.model.errors import ClusterError

ASK = """
import socket, sys
for target in sys.argv[1:]:
    host, _, port = target.rpartition(":")
    try:
        socket.create_connection((host, int(port)), timeout=2).close()
        print("open", target)
    except OSError as error:
        print("shut", target, error)
"""


@pytest.fixture(scope="session")
def engine() -> docker.DockerClient:
    return connect()


@pytest.fixture(scope="session")
def images() -> Images:
    return ensure_images(print)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A `.regionfall` of this module; whatever was started from it is gone afterwards."""
    folder = tmp_path_factory.mktemp("home") / ".regionfall"
    yield folder
    assert down_all(folder) == []


def woven_guest(folder: Path, home: Path, images: Images, **environ: str) -> Woven:
    name = f"rfc-{folder.name}-{uuid4().hex[:6]}"
    project = read_project(None, project=name, directory=folder, environ={**os.environ, **environ})
    return weave(project, home=home, run=f"run-{name}", images=images)


@pytest.fixture(scope="module")
def two(checkout: Path, home: Path, images: Images) -> Iterator[Cluster]:
    woven = woven_guest(checkout / "tests" / "guests" / "two-services", home, images)
    cluster = Cluster.up(woven, folder=home / "two", progress=print)
    yield cluster
    assert cluster.down() == []


def body(url: str) -> str:
    with urlopen(url, timeout=10) as response:
        return str(response.read().decode())


def answers_well(url: str) -> bool:
    try:
        return '"orders' in body(url)
    except HTTPError:
        return False


def ask(cluster: Cluster, service: str, *targets: str) -> list[str]:
    container = cluster.load_container if service == "load" else cluster.container(service)
    found = container.exec_run(["python3", "-c", ASK, *targets])
    return str(found.output.decode()).splitlines()


def until(true: Callable[[], bool], seconds: float = 20.0) -> bool:
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


def test_people_reach_the_entry_and_it_reaches_its_callee(two: Cluster) -> None:
    assert '"orders' in body(two.urls()["web"])
    assert two.urls()["web"].startswith("http://127.0.0.1:")
    assert two.urls()["web"].endswith("/shop")


def test_the_load_reaches_entries_only(two: Cluster) -> None:
    orders = two.container("orders").attrs["NetworkSettings"]["Networks"]
    [address] = [network["IPAddress"] for network in orders.values()]
    answers = ask(two, "load", "web:8080", f"{address}:8080", "192.0.2.1:80")
    assert answers[0] == "open web:8080"
    assert [answer.split()[0] for answer in answers[1:]] == ["shut", "shut"]


def test_a_guest_reaches_its_declared_callee_only(two: Cluster) -> None:
    answers = ask(two, "web", "orders:8080", "orders:22", "192.0.2.1:80")
    assert [answer.split()[0] for answer in answers] == ["open", "shut", "shut"]
    [refused] = ask(two, "orders", "web:8080")
    assert refused.startswith("shut")


def test_the_host_cannot_reach_a_guest_by_its_address(two: Cluster) -> None:
    orders = two.container("orders").attrs["NetworkSettings"]["Networks"]
    [address] = [network["IPAddress"] for network in orders.values()]
    with pytest.raises(URLError):
        urlopen(f"http://{address}:8080/", timeout=1)


def test_the_rendered_file_is_for_its_owner_only(two: Cluster, home: Path) -> None:
    mode = stat.S_IMODE((home / "two" / "woven.compose.yaml").stat().st_mode)
    assert (two.home, mode) == (home, 0o600)


def test_a_stack_that_is_up_is_found_again(two: Cluster, home: Path) -> None:
    found = find_cluster(home, two.project)
    assert found is not None
    assert (found.name, found.run, found.fingerprint, found.urls()) == (two.name, two.run, two.fingerprint, two.urls())
    assert find_cluster(home, "another") is None
    assert find_cluster(home / "elsewhere", two.project) is None
    assert two.name in [cluster.name for cluster in standing_clusters()]


def test_logs_and_image_ids_of_guests_are_there(two: Cluster) -> None:
    assert two.image_digests()["image of web"].startswith("sha256:")
    with pytest.raises(ClusterError, match="nobody"):
        two.logs("nobody")


def test_what_happens_to_a_guest_is_heard(two: Cluster) -> None:
    heard: list[tuple[str, str]] = []
    both = threading.Event()

    def on_event(service: str, action: str, code: int | None) -> None:
        heard.append((service, action))
        if {("orders", "die"), ("orders", "start")} <= set(heard):
            both.set()

    stop = two.service_events(on_event)
    try:
        two.container("orders").restart(timeout=1)
        assert both.wait(20), heard
    finally:
        stop()
    assert until(lambda: answers_well(two.urls()["web"]))


def test_a_lost_border_can_be_connected_to_again(two: Cluster) -> None:
    border = two.repair("west", "test", lambda region, event: None)
    try:
        assert border.region == "west"
        assert "orders:8080" in border.callees()
    finally:
        border.close()


def test_a_stranger_gets_through_where_declared_and_nowhere_else(
    checkout: Path, home: Path, images: Images, engine: docker.DockerClient
) -> None:
    folder = checkout / "tests" / "guests" / "stranger"
    server = ["python3", "-m", "http.server", "9000"]
    outside = engine.containers.run(images.border, server, entrypoint=[], detach=True)
    try:
        outside.reload()
        address = outside.attrs["NetworkSettings"]["IPAddress"]
        cluster = Cluster.up(
            woven_guest(folder, home, images, OUTSIDE=address), folder=home / "stranger", progress=print
        )
        assert until(lambda: f"{address}:9000" in cluster.logs("shop") and "the-ledger:7000" in cluster.logs("shop"))
        answer = body(cluster.urls()["shop"])
        assert "the-ledger: nobody to ask" in answer, "shop -> stock -> ledger is declared"
        assert answer.count("leaked: []") == 3
        borders = cluster.border_containers
        connected = cluster.repair("harbour", "test", lambda region, event: None)
        try:
            blocked = connected.stats()["blocked"]
        finally:
            connected.close()
        assert {(row["caller"], row["port"]) for row in blocked} >= {("shop", 7000), ("shop", 9000)}
        assert "ledger" in {row["name"] for row in blocked}
        assert set(borders) == {"harbour", "hinterland", "internet"}
        assert cluster.down() == []
    finally:
        outside.remove(force=True)


def broken(folder: Path, images: Images, home: Path, service: str) -> Woven:
    folder.mkdir()
    good = f"  good: {{image: '{images.base}', command: [sleep, '600']}}"
    bad = f"  bad: {{image: '{images.base}', {service}}}"
    (folder / "compose.yaml").write_text(f"services:\n{good}\n{bad}\n")
    return woven_guest(folder, home, images)


def nothing_left(engine: docker.DockerClient, name: str) -> bool:
    filters = {"label": f"com.docker.compose.project={name}"}
    return not engine.containers.list(all=True, filters=filters) and not engine.networks.list(filters=filters)


def test_a_container_that_dies_while_starting_is_named_with_its_last_lines(
    tmp_path: Path, home: Path, images: Images, engine: docker.DockerClient
) -> None:
    woven = broken(tmp_path / "dying", images, home, "command: [sh, -c, 'echo no licence; exit 3']")
    with pytest.raises(ClusterError, match=r"'bad' ended with code 3 while starting(.|\n)*no licence"):
        Cluster.up(woven, folder=home / "dying", progress=print)
    assert nothing_left(engine, woven.name)


@pytest.mark.drill
def test_a_port_that_never_opens_is_named_after_a_bounded_wait(
    tmp_path: Path, home: Path, images: Images, engine: docker.DockerClient
) -> None:
    woven = broken(
        tmp_path / "silent", images, home, "command: [sleep, '600'], labels: {regionfall.entry: '8080/http'}"
    )
    with pytest.raises(ClusterError, match=r"not ready after 3 s(.|\n)*load->bad:8080: no connection"):
        Cluster.up(woven, folder=home / "silent", progress=print, timeout_s=3)
    assert nothing_left(engine, woven.name)


def test_an_image_that_nobody_has_is_given_up_with_a_next_step(
    tmp_path: Path, home: Path, images: Images, engine: docker.DockerClient
) -> None:
    folder = tmp_path / "imageless"
    folder.mkdir()
    (folder / "compose.yaml").write_text("services: {web: {image: 'registry.invalid/nobody/has:1'}}\n")
    woven = woven_guest(folder, home, images)
    with pytest.raises(ClusterError, match=r"'registry.invalid/nobody/has:1' of service web(.|\n)*docker load"):
        Cluster.up(woven, folder=home / "imageless", progress=print)
    assert nothing_left(engine, woven.name)


def published_on(port: int, folder: Path, home: Path, images: Images) -> Woven:
    """The guest of two services, whose file publishes its page on this port."""
    guest = folder / "published"
    shutil.copytree(Path(__file__).parents[1] / "guests" / "two-services", guest)
    file = guest / "compose.yaml"
    file.write_text(file.read_text().replace('ports: ["8080"]', f'ports: ["127.0.0.1:{port}:8080"]'))
    assert f":{port}:" in file.read_text()
    return woven_guest(guest, home, images)


@pytest.mark.drill
def test_a_port_of_the_users_file_that_is_taken_on_this_machine_is_in_nobodys_way(
    tmp_path: Path, home: Path, images: Images
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        cluster = Cluster.up(published_on(number, tmp_path, home, images), folder=home / "port", progress=print)
        try:
            url = cluster.urls()["web"]
            assert not url.endswith(f":{number}/") and until(lambda: answers_well(url))
        finally:
            assert cluster.down() == []


@pytest.mark.drill
def test_taken_addresses_are_avoided(tmp_path: Path, home: Path, images: Images, engine: docker.DockerClient) -> None:
    woven = idle(tmp_path / "moving", images, home)
    pool = docker.types.IPAMPool(subnet=str(woven.subnets[0]))
    squatter = engine.networks.create(
        f"rfc-squatter-{uuid4().hex[:6]}", ipam=docker.types.IPAMConfig(pool_configs=[pool])
    )
    try:
        cluster = Cluster.up(woven, folder=home / "moving", progress=print)
        assert cluster.down() == []
    finally:
        squatter.remove()


def test_down_is_safe_to_repeat_and_needs_no_folder(
    tmp_path: Path, images: Images, engine: docker.DockerClient
) -> None:
    home = tmp_path / "gone" / ".regionfall"
    folder = tmp_path / "volumes"
    woven = idle(folder, images, home, ", volumes: ['data:/data']", "volumes: {data: {}}")
    Cluster.up(woven, folder=home / "run", progress=print)
    (home / "run" / "woven.compose.yaml").unlink()
    (folder / "compose.yaml").unlink()
    assert down_all(home) == []
    assert nothing_left(engine, woven.name)
    assert not engine.volumes.list(filters={"label": f"regionfall.home={home}"})
    assert down_all(home) == []


def idle(folder: Path, images: Images, home: Path, more: str = "", top: str = "") -> Woven:
    """A guest of one service that only sleeps."""
    folder.mkdir()
    web = f"{{image: '{images.base}', command: [sleep, '600']{more}}}"
    (folder / "compose.yaml").write_text(f"services: {{web: {web}}}\n{top}\n")
    return woven_guest(folder, home, images)


@pytest.mark.drill
def test_two_projects_that_start_at_once_get_networks_of_their_own(tmp_path: Path, home: Path, images: Images) -> None:
    projects = [idle(tmp_path / name, images, home) for name in ("one", "two")]
    with ThreadPoolExecutor(2) as pool:
        clusters = list(pool.map(lambda w: Cluster.up(w, folder=home / w.name, progress=print), projects))
    try:
        assert all(find_cluster(home, woven.name) for woven in projects)
    finally:
        assert [cluster.down() for cluster in clusters] == [[], []]


def test_an_interrupted_start_leaves_nothing(
    tmp_path: Path, home: Path, images: Images, engine: docker.DockerClient
) -> None:
    woven = idle(tmp_path / "interrupted", images, home, ", labels: {regionfall.entry: '8080/http'}")

    def progress(line: str) -> None:
        if "hold" in line:
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job starts without one
    try:
        with pytest.raises(KeyboardInterrupt):
            Cluster.up(woven, folder=home / "interrupted", progress=progress)
    finally:
        signal.signal(signal.SIGINT, before)
    assert nothing_left(engine, woven.name)


@pytest.fixture
def volume(engine: docker.DockerClient, images: Images) -> Iterator[str]:
    """A user's own volume with one file in it."""
    name = f"rfc-own-{uuid4().hex[:6]}"
    mine = engine.volumes.create(name)
    engine.containers.run(images.base, ["sh", "-c", "echo mine > /v/f"], volumes={name: {"bind": "/v"}}, remove=True)
    yield name
    mine.remove(force=True)


@pytest.mark.parametrize(
    ("mode", "seen", "after"),
    [
        ("fresh", "", "mine"),
        pytest.param("copy", "mine", "mine", marks=pytest.mark.drill),
        pytest.param("share", "mine", "ours", marks=pytest.mark.drill),
    ],
)
def test_a_users_volume_is_left_alone_copied_or_shared_as_asked(
    tmp_path: Path,
    home: Path,
    images: Images,
    engine: docker.DockerClient,
    volume: str,
    mode: str,
    seen: str,
    after: str,
) -> None:
    folder = tmp_path / mode
    idle(folder, images, home, ", volumes: ['data:/v']", f"volumes: {{data: {{name: {volume}}}}}")
    project = read_project(None, project=f"rfc-{uuid4().hex[:6]}", directory=folder, environ=os.environ)
    woven = weave(project, home=home, run="r", images=images, volumes=mode)
    cluster = Cluster.up(woven, folder=home / woven.name, progress=print)
    try:
        web = cluster.container("web")
        assert web.exec_run(["sh", "-c", "cat /v/f 2>/dev/null"]).output.decode().strip() == seen
        web.exec_run(["sh", "-c", "echo ours > /v/f"])
    finally:
        assert cluster.down() == []
    found = engine.containers.run(images.base, ["cat", "/v/f"], volumes={volume: {"bind": "/v"}}, remove=True)
    assert found.decode().strip() == after
    assert not engine.volumes.list(filters={"label": f"regionfall.home={home}"})


def test_a_shared_volume_that_does_not_exist_is_named(
    tmp_path: Path, home: Path, images: Images, engine: docker.DockerClient
) -> None:
    folder = tmp_path / "missing"
    idle(folder, images, home, ", volumes: ['data:/v']", "volumes: {data: {name: rfc-nowhere}}")
    project = read_project(None, project=f"rfc-{uuid4().hex[:6]}", directory=folder, environ=os.environ)
    woven = weave(project, home=home, run="r", images=images, volumes="share")
    with pytest.raises(ClusterError, match="'rfc-nowhere'"):
        Cluster.up(woven, folder=home / woven.name, progress=print)
    assert nothing_left(engine, woven.name)


def test_members_of_a_group_talk_freely_under_all_their_names(tmp_path: Path, home: Path, images: Images) -> None:
    folder = tmp_path / "group"
    folder.mkdir()
    guest = f"image: '{images.border}', command: [python3, -m, http.server, '9000'], entrypoint: []"
    together = "labels: {regionfall.region: east, regionfall.together: gossip}"
    (folder / "compose.yaml").write_text(
        f"""
services:
  a: {{{guest}, {together}}}
  b: {{{guest}, {together}, container_name: rfc-b, networks: {{default: {{aliases: [bee]}}}}}}
  c: {{{guest}, labels: {{regionfall.region: east, regionfall.calls: "a:9000"}}}}
"""
    )
    cluster = Cluster.up(woven_guest(folder, home, images), folder=home / "group", progress=print)
    try:
        answers = ask(cluster, "a", "b:9000", "rfc-b:9000", "bee:9000", "c:9000")
        assert [answer.split()[0] for answer in answers] == ["open", "open", "open", "shut"]
        answers = ask(cluster, "c", "a:9000", "b:9000", "bee:9000")
        assert [answer.split()[0] for answer in answers] == ["open", "shut", "shut"]
    finally:
        assert cluster.down() == []
