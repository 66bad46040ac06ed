"""Labels and Compose files: a project and its rendering, or problems with places."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from experiments import read, write
from harness.cluster.copies import copies_of
from harness.cluster.project import project_from
from harness.cluster.weave.render import weave
from harness.model.errors import ClusterError, InvalidFile
from harness.spec.labels import LABELS, parse_labels, parse_top_level

_VALUES = st.one_of(
    st.sampled_from(["us-east-1", "db:5432", "db:5432#bridge web:80", "dns:53/udp", "api.example.com:443", "8080/http",
                     "8080/http/shop", "true", "no", "gossip", "db:0", "db:99999", "db:", ":", "web:80 web:80", "#",
                     "8080/__faults", "$(id)", "a b", "../x", "<b>", "1" * 400]),
    st.text(max_size=20),
)  # fmt: skip
_NAMES = st.sampled_from([f"regionfall.{name}" for name in LABELS] + ["regionfall.cals", "other", "regionfall."])
LABEL_SETS = st.dictionaries(_NAMES, _VALUES, max_size=5)
_TOP = st.one_of(
    st.none(),
    st.fixed_dictionaries({}, optional={
        "rtt": st.dictionaries(st.sampled_from(["us-east-1~b", "a~a", "a", "~", "b~us-east-1~c"]),
                               st.sampled_from(["60ms", "x", 3, None, "-1s", "2h"]), max_size=2),
        "engines": st.dictionaries(st.sampled_from(["a", "us-east-1"]), st.sampled_from(["ctx", 1, ""]), max_size=1),
        "allow-egress": st.one_of(st.lists(st.text(max_size=8), max_size=2), st.just("x"), st.just(1)),
        "unknown": st.integers(),
    }),
    st.lists(st.integers(), max_size=2),
    st.text(max_size=5),
)  # fmt: skip


def check_labels(labels: dict[str, str]) -> None:
    """Labels never raise: they are read, or they are problems."""
    parsed = parse_labels("web", labels)
    assert all(isinstance(problem, str) and problem for problem in parsed.problems)
    assert parsed.service.name == "web"


def check_top_level(value: object) -> None:
    """The same for what stands at the top of the file."""
    assert all(isinstance(problem, str) for problem in parse_top_level(value).problems)


_SERVICE = st.fixed_dictionaries(
    {"image": st.sampled_from(["a", "regionfall-mock:latest", "${REGIONFALL_BASE}"])},
    optional={
        "labels": LABEL_SETS,
        "environment": st.dictionaries(
            st.text(alphabet="ABC_", min_size=1, max_size=4), st.one_of(st.none(), st.text(max_size=10))
        ),
        "extra_hosts": st.lists(st.sampled_from(["db=1.2.3.4", "x:::1", "", "web:1.1.1.1"]), max_size=2),
        "ports": st.lists(
            st.sampled_from(
                [{"target": 80, "published": "8080", "protocol": "tcp"}, {"target": 53, "protocol": "udp"}]
            ),
            max_size=2,
        ),
        "networks": st.sampled_from([{"default": None}, {"a": {"aliases": ["x", "y"]}}, {}]),
        "network_mode": st.sampled_from(["host", "none", "service:db"]),
        "depends_on": st.sampled_from([{"db": {"condition": "service_started"}}, {}]),
        "volumes": st.just([{"type": "volume", "source": "data", "target": "/data"}]),
        "hostname": st.text(alphabet="abc.-", max_size=6),
        "container_name": st.text(alphabet="abc-", min_size=1, max_size=6),
        "links": st.lists(st.sampled_from(["db", "db:base", "nobody:x"]), max_size=2),
        "scale": st.integers(0, 3),
        "deploy": st.sampled_from([{}, {"replicas": 2}, {"resources": {"limits": {"memory": "64m"}}}]),
        "cpu_shares": st.integers(2, 9999),
    },
)
CONFIGS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["shop", "a", "x-y_z"]),
        "services": st.dictionaries(
            st.sampled_from(["web", "db", "load", "orders", "border-us-east-1", "a.b"]),
            _SERVICE,
            min_size=1,
            max_size=4,
        ),
    },
    optional={"x-regionfall": _TOP, "volumes": st.sampled_from([{}, {"data": None}, {"data": {"external": True}}])},
)


@dataclass(frozen=True)
class Tags:
    """Images of a release that needs no engine."""

    base: str = "regionfall/base:1"
    border: str = "regionfall/border:1"
    load: str = "regionfall/load:1"


def check_config(config: dict[str, Any]) -> None:
    """A project whose rendering can be read again, or problems with places."""
    path = Path("compose.yaml").absolute()
    path.write_text(write(config), encoding="utf-8", errors="surrogatepass")
    try:
        project = project_from(config, [path], directory=path.parent)
        woven = weave(project, home=path.parent, run="r", images=Tags())
    except InvalidFile as error:
        assert error.problems and all(p.line >= 1 and p.message for p in error.problems)
        return
    except ClusterError as error:
        assert str(error)
        return
    again = read(woven.text)
    many = copies_of(config)
    assert {one for name in config["services"] for one in many.get(name, (name,))} <= set(again["services"])
    for service in again["services"].values():
        assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", ()))
