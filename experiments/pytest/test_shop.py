"""What the shop promises about its dependencies. README.md of this folder says how to run it."""

from __future__ import annotations

ORDERS = {"orders": {"service": "web", "get": "/orders"}}
BUY = {"buy": {"service": "web", "post": "/buy"}}
STEADY = "5s"


def test_the_list_of_orders_survives_a_slow_database(chaos):
    with chaos.load(ORDERS, rate="50/s"):
        chaos.steady(STEADY)
        with chaos.inject("orders->db", slow="2s", phase="slow"):
            chaos.hold("5s")
        chaos.recover("4s")
    chaos.expect("orders", availability=">= 97%", p90="< 500ms")


def test_product_pages_survive_a_lost_cache(chaos):
    with chaos.load("web", rate="50/s"):
        chaos.steady(STEADY)
        with chaos.inject("role:cache", "stop", phase="lost"):
            chaos.hold("5s")
    chaos.expect("web", availability=">= 97%", p90="< 400ms", phases=["lost"])


def test_product_pages_survive_the_loss_of_a_region(chaos):
    with chaos.load("web", rate="50/s"):
        chaos.steady(STEADY)
        with chaos.inject("us-east-1", "refuse", phase="gone"):
            chaos.hold("5s")
        chaos.recover("4s")
    chaos.expect("web", availability=">= 97%", p90="< 1s")


def test_failing_payments_cause_no_storm_of_retries(chaos):
    with chaos.load(BUY, rate="50/s"):
        chaos.steady(STEADY)
        with chaos.inject("orders->payments", errors={"status": 503, "rate": "100%"}, phase="failing"):
            chaos.hold("5s")
        chaos.recover("4s")
    chaos.expect("orders->payments", retries="<= 1.5", phases=["failing"])
    chaos.expect("buy", availability=">= 90%", phases=["after"])


def test_a_tenth_of_payments_failing_stays_within_the_error_budget(chaos):
    with chaos.load(BUY, rate="100/s"):
        chaos.steady(STEADY)
        with chaos.inject("orders->payments", errors={"status": 503, "rate": "10%"}, phase="flaky"):
            chaos.hold("5s")
    chaos.expect("buy", error_rate="<= 5%", phases=["flaky"])
