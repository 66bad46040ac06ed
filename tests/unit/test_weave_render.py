"""What a guest's Compose project becomes."""

from __future__ import annotations

import json
import sys
from ipaddress import IPv4Network
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from woven import HOME, IMAGES, project_of, rendered, service, woven_of

from harness.cluster.compose import BASE_TOKEN
from harness.cluster.readiness import required_ports
from harness.cluster.weave import weave
from harness.model.errors import InvalidFile

SHOP = {
    "web": service(labels={"regionfall.calls": "orders:80 cache:6379#hot", "regionfall.entry": "8080/http/shop"}),
    "orders": service("west", container_name="the-orders", hostname="orders-1"),
    "cache": service(networks={"default": {"aliases": ["redis"]}}),
    "audit": service("west"),
}


def test_haproxy_stands_on_the_edges_that_were_asked_for_and_nowhere_else() -> None:
    services = SHOP | {
        "web": service(labels={"regionfall.calls": "orders:80/http cache:6379", "regionfall.entry": "8080"})
    }
    project = project_of(services)
    assert [edge.id for edge in project.stack.edges if edge.http] == ["web->orders:80", "load->web:8080"]
    plain, woven = woven_of(project), woven_of(project, requests={"web->orders:80"})
    assert not any(edge["http"] for config in plain.borders.values() for edge in config["edges"])
    assert [edge["id"] for edge in woven.borders["east"]["edges"] if edge["http"]] == ["web->orders:80"]
    labels = rendered(woven)["services"][woven.border_services["east"]]["labels"]
    assert json.loads(labels["regionfall.requests"]) == ["web->orders:80"]
    assert woven.fingerprint == plain.fingerprint, "a stack that can do more serves a run that needs less"


def test_callees_are_reached_under_all_their_names_and_others_lead_nowhere() -> None:
    hosts = rendered(woven_of(project_of(SHOP)))["services"]["web"]["extra_hosts"]
    assert hosts == [
        "orders:198.19.0.3",
        "the-orders:198.19.0.3",
        "orders-1:198.19.0.3",
        "cache:198.19.0.2",
        "redis:198.19.0.2",
        "audit:198.19.255.4",
    ]


def test_a_service_keeps_its_other_names_in_its_own_network() -> None:
    services = rendered(woven_of(project_of(SHOP)))["services"]
    assert services["cache"]["networks"]["cell-cache"]["aliases"] == ["redis"]
    assert "container_name" not in services["orders"]
    assert services["orders"]["hostname"] == "orders-1"


def test_hosts_that_the_user_wrote_win() -> None:
    shop = SHOP | {"web": service(labels={"regionfall.calls": "orders:80"}, extra_hosts=["orders=10.0.0.7"])}
    hosts = rendered(woven_of(project_of(shop)))["services"]["web"]["extra_hosts"]
    assert next(host for host in hosts if host.startswith("orders")) == "orders=10.0.0.7"
    assert not [host for host in hosts if host.startswith("orders:")]


def test_a_link_gives_its_callee_another_name_for_this_service_only() -> None:
    shop = SHOP | {"web": service(labels={"regionfall.calls": "orders:80"}, links=["orders:database"])}
    services = rendered(woven_of(project_of(shop)))["services"]
    assert "database:198.19.0.1" in services["web"]["extra_hosts"]
    assert "links" not in services["web"]
    assert not [host for host in services["audit"]["extra_hosts"] if host.startswith("database")]


def test_members_of_a_group_reach_each_other_directly() -> None:
    group = {"regionfall.together": "gossip"}
    shop = {"a": service(labels=group), "b": service(labels=group), "c": service()}
    services = rendered(woven_of(project_of(shop)))["services"]
    assert services["a"]["networks"].keys() == services["b"]["networks"].keys() == {"cell-group-gossip"}
    assert [host.split(":")[0] for host in services["a"]["extra_hosts"]] == ["c"]


def test_what_is_the_users_stays() -> None:
    kept = {
        "healthcheck": {"test": ["CMD-SHELL", "curl $HOST || exit 1"], "interval": "1s"},
        "depends_on": {"orders": {"condition": "service_healthy", "required": True}},
        "build": {"context": "/shop", "args": {"BASE": BASE_TOKEN}},
        "secrets": [{"source": "key"}],
        "command": ["run", "--price", "$5", "yes"],
        "restart": "always",
        "cap_add": ["SYS_NICE"],
        "volumes": [{"type": "volume", "source": "data", "target": "/data", "volume": {}}],
    }
    shop = SHOP | {"web": service(**kept)}
    sections = {"volumes": {"data": {"name": "shop_data"}}, "secrets": {"key": {"file": "/shop/key"}}}
    web = rendered(woven_of(project_of(shop, **sections)))["services"]["web"]
    expected = kept | {"build": {"context": "/shop", "args": {"BASE": "regionfall/base:b"}}}
    assert {key: web[key] for key in expected} == expected


def test_what_would_lead_around_a_proxy_goes() -> None:
    odd = {
        "ports": [{"target": 8080, "published": "80", "protocol": "tcp"}],
        "container_name": "web",
        "networks": {"default": {"ipv4_address": "10.1.1.1"}},
        "profiles": ["demo"],
        "mac_address": "02:00:00:00:00:01",
        "pull_policy": "always",
    }
    project = project_of(SHOP | {"web": service(**odd)}, networks={"default": {"name": "shop_default"}})
    document = rendered(woven_of(project))
    web = document["services"]["web"]
    assert not (odd.keys() - {"networks"}) & web.keys()
    assert web["networks"].keys() == {"cell-web"}
    assert "default" not in document["networks"]
    assert [note for note in project.notes if "10.1.1.1" in note]


def test_variables_of_the_experiment_lie_over_the_users_and_lifetimes_are_scaled() -> None:
    shop = SHOP | {"web": service(environment={"TTL": "60m@clock", "MODE": "a", "NONE": None, "PRICE": "$5"})}
    woven = woven_of(
        project_of(shop),
        environment={"web": {"MODE": "b", "PERIOD": "2h@clock"}},
        scale=lambda text: f"scaled {text}",
    )
    assert rendered(woven)["services"]["web"]["environment"] == {
        "TTL": "scaled 60m@clock",
        "MODE": "b",
        "NONE": None,
        "PRICE": "$5",
        "PERIOD": "scaled 2h@clock",
    }


def test_an_environment_for_an_unknown_service_is_refused() -> None:
    with pytest.raises(InvalidFile, match="no service 'wbe'"):
        woven_of(project_of(SHOP), environment={"wbe": {"A": "1"}})


def test_a_crossing_edge_meets_at_the_borders() -> None:
    borders = woven_of(project_of(SHOP)).borders
    edge = next(edge for edge in borders["east"]["edges"] if edge["callee"] == "orders")
    [forward] = borders["west"]["forwards"]
    assert edge["upstream"] == f"{forward['far']}:80"
    assert forward["id"] == edge["id"] == "web->orders:80"
    assert {"to": forward["far"], "via": borders["west"]["backbone"]["address"]} in borders["east"]["routes"]


def test_an_edge_inside_a_region_leads_straight_to_the_guest() -> None:
    woven = woven_of(project_of(SHOP))
    edge = next(edge for edge in woven.borders["east"]["edges"] if edge["callee"] == "cache")
    address = rendered(woven)["services"]["cache"]["networks"]["cell-cache"]["ipv4_address"]
    assert edge["upstream"] == f"{address}:6379"


def test_the_distance_between_regions_stands_on_the_callers_side() -> None:
    project = project_of(SHOP, **{"x-regionfall": {"rtt": {"west~east": "65ms"}}})
    edges = woven_of(project).borders["east"]["edges"]
    assert {edge["callee"]: edge["standing_ms"] for edge in edges} == {"orders": 65, "cache": 0}


def test_flags_are_told_to_the_border_of_the_services_region() -> None:
    woven = woven_of(project_of(SHOP | {"audit": service("west", labels={"regionfall.flags": "8080/__faults"})}))
    address = rendered(woven)["services"]["audit"]["networks"]["cell-audit"]["ipv4_address"]
    assert woven.borders["west"]["flags"] == [{"service": "audit", "url": f"http://{address}:8080/__faults"}]
    assert woven.borders["east"]["flags"] == []


def test_borders_know_everybody_by_name() -> None:
    woven = woven_of(project_of(SHOP))
    names = woven.borders["west"]["names"]
    assert sorted(names.values()) == sorted([*SHOP, *SHOP, "load"])
    assert woven.borders["east"]["names"] == names


def test_entries_and_published_ports_lead_through_the_border_of_their_region() -> None:
    ports = [{"target": 9090, "published": "9090", "protocol": "tcp"}, {"target": 53, "protocol": "udp"}]
    project = project_of(SHOP | {"web": service(labels={"regionfall.entry": "8080/http/shop"}, ports=ports)})
    woven = woven_of(project)
    found = [(item.service, item.port, item.listen, item.border, item.path, item.entry) for item in woven.published]
    assert found == [("web", 8080, 20000, "east", "/shop", True), ("web", 9090, 20001, "east", "", False)]
    border = rendered(woven)["services"]["border-east"]
    assert border["ports"] == ["127.0.0.1::20000", "127.0.0.1::20001"]
    assert "front" in border["networks"]
    assert [note for note in project.notes if "53/udp" in note]


def test_the_front_network_is_the_first_by_name_so_that_the_engine_publishes_on_it() -> None:
    document = rendered(woven_of(project_of(SHOP)))
    names = [network.get("name", f"{document['name']}_{key}") for key, network in document["networks"].items()]
    assert min(names) == f"{document['name']}_0front"


def test_cells_have_no_host_address_and_only_the_front_does() -> None:
    networks = rendered(woven_of(project_of(SHOP)))["networks"]
    without = {key for key, network in networks.items() if "driver_opts" not in network}
    assert without == {"front"}
    assert networks["cell-web"]["driver_opts"] == {
        "com.docker.network.bridge.inhibit_ipv4": "true",
        "com.docker.network.bridge.enable_ip_masquerade": "false",
    }


def test_the_border_gets_its_configuration_as_one_variable() -> None:
    woven = woven_of(project_of(SHOP))
    border = rendered(woven)["services"]["border-west"]
    assert json.loads(border["environment"]["REGIONFALL_BORDER"]) == woven.borders["west"]
    assert border["image"] == "regionfall/border:x"
    assert border["cap_add"] == ["NET_ADMIN", "NET_RAW"]


def test_load_reaches_the_entries_and_nothing_else() -> None:
    load = rendered(woven_of(project_of(SHOP)))["services"]["load"]
    assert load["extra_hosts"] == ["web:198.19.0.1"]
    assert load["networks"].keys() == {"cell-load"}


def test_without_an_entry_there_is_no_load_and_no_internet() -> None:
    project = project_of({"a": service()})
    woven = woven_of(project)
    assert woven.load is None
    assert woven.borders.keys() == {"east"}
    assert [note for note in project.notes if "entry" in note]


def test_everything_of_ours_carries_run_and_home() -> None:
    document = rendered(woven_of(project_of(SHOP, volumes={"data": {"name": "shop_data"}})))
    for section in ("services", "networks", "volumes"):
        for item in document[section].values():
            assert item["labels"]["regionfall.run"] == "r1"
            assert item["labels"]["regionfall.home"] == str(HOME)
    parts = {name: item["labels"]["regionfall.part"] for name, item in document["services"].items()}
    assert parts == {
        "border-east": "border",
        "border-west": "border",
        "border-internet": "border",
        "load": "load",
        **dict.fromkeys(SHOP, "guest"),
    }


def test_volumes_are_fresh_unless_asked_otherwise() -> None:
    own = {"data": {"name": "shop_data"}, "old": {"name": "archive", "external": True}}
    woven = woven_of(project_of(SHOP, volumes=own))
    volumes = rendered(woven)["volumes"]
    assert {key: volume["name"] for key, volume in volumes.items()} == {
        "data": f"{woven.name}_data",
        "old": f"{woven.name}_old",
    }
    assert not any(volume.get("external") for volume in volumes.values())
    assert [note for note in woven.notes if "archive" in note]


def test_copied_volumes_are_ours_and_shared_ones_stay_the_users() -> None:
    project = project_of(SHOP, volumes={"data": {"name": "shop_data"}})
    copied = woven_of(project, volumes="copy")
    assert [(copy.source, copy.target) for copy in copied.copies] == [("shop_data", f"{copied.name}_data")]
    shared = woven_of(project, volumes="share")
    assert rendered(shared)["volumes"] == {"data": {"name": "shop_data", "external": True}}
    assert shared.shared == ("shop_data",)


def test_the_same_input_gives_the_same_text() -> None:
    assert woven_of(project_of(SHOP)).text == woven_of(project_of(SHOP)).text


def test_the_same_project_seen_from_another_folder_has_another_name() -> None:
    here = woven_of(project_of(SHOP)).name
    there = weave(project_of(SHOP), home=Path("/elsewhere/.regionfall"), run="r1", images=IMAGES).name
    assert here != there
    assert here.startswith("shop-rf-")


def test_rendering_again_moves_away_from_what_is_taken() -> None:
    woven = woven_of(project_of(SHOP))
    moved = woven.again(woven.subnets)
    assert not any(a.overlaps(b) for a in woven.subnets for b in moved.subnets)
    assert moved.name == woven.name
    assert moved.fingerprint == woven.fingerprint


def test_the_fingerprint_follows_what_the_stack_runs_with_and_nothing_else() -> None:
    project = project_of(SHOP)
    woven = woven_of(project)
    other_run = weave(project, home=HOME, run="r2", images=IMAGES, taken=[IPv4Network("198.18.0.0/17")])
    assert other_run.fingerprint == woven.fingerprint
    assert woven_of(project, environment={"web": {"A": "1"}}).fingerprint != woven.fingerprint
    assert woven_of(project, scale=lambda text: "15s").fingerprint != woven.fingerprint


def test_what_is_in_no_hosts_file_is_asked_from_the_proxy_container_and_no_search_list_of_the_machine() -> None:
    web = rendered(woven_of(project_of(SHOP)))["services"]["web"]
    [address] = [network["ipv4_address"] for network in web["networks"].values()]
    assert web["dns"] == [address.rpartition(".")[0] + f".{int(address.rpartition('.')[2]) - 2}"]
    assert web["dns_search"] == ["."]
    searching = SHOP | {"web": service(dns=["10.0.0.2"], dns_search=["corp.example"])}
    project = project_of(searching)
    web = rendered(woven_of(project))["services"]["web"]
    assert web["dns"] != ["10.0.0.2"] and web["dns_search"] == ["corp.example"]
    assert any("10.0.0.2" in note for note in project.notes)


def test_a_name_that_is_looked_up_stands_in_no_hosts_file_and_the_proxy_container_knows_it() -> None:
    woven = woven_of(project_of(SHOP), looked_up={("web", "orders")})
    web = rendered(woven)["services"]["web"]
    assert [host.split(":")[0] for host in web["extra_hosts"]] == ["cache", "redis", "audit"]
    config = woven.borders["east"]
    assert config["looked_up"] == ["web->orders"]
    assert config["aliases"] == {"orders": ["the-orders", "orders-1"], "cache": ["redis"]}
    assert woven.looked_up == {("web", "orders")}
    assert woven.fingerprint == woven_of(project_of(SHOP)).fingerprint, "it serves whoever needs less"


def test_udp_calls_are_told_to_the_kernel_and_not_to_a_proxy() -> None:
    calls = {"regionfall.calls": "orders:53 orders:53/udp cache:9/udp", "regionfall.entry": "8080"}
    project = project_of(SHOP | {"web": service(labels=calls)})
    names = [edge.id for edge in project.stack.edges]
    assert names == ["web->orders:53", "web->orders:53/udp", "web->cache:9/udp", "load->web:8080"]
    borders = woven_of(project).borders
    assert [edge["id"] for edge in borders["east"]["edges"]] == ["web->orders:53"]
    assert [edge["id"] for edge in borders["east"]["datagrams"]] == ["web->orders:53/udp", "web->cache:9/udp"]
    assert [edge["id"] for edge in borders["west"]["datagram_forwards"]] == ["web->orders:53/udp"]
    assert required_ports(project.stack).keys() == {"orders:53", "web:8080"}, "a UDP port cannot be dialled"
