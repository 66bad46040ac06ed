"""Every fault on every edge, with names that people can select by."""

from __future__ import annotations

from harness.script.matrix import matrix


def test_every_fault_on_every_edge_with_a_name_of_its_own() -> None:
    cases = matrix(
        edges=["a->b", "b->c"], faults=["kill", {"slow": "300ms", "share": "30%"}, {"errors": {"status": 503}}]
    )
    assert [str(case) for case in cases] == [
        "a->b-kill", "a->b-slow-300ms-share-30%", "a->b-errors-status-503",
        "b->c-kill", "b->c-slow-300ms-share-30%", "b->c-errors-status-503",
    ]  # fmt: skip
    assert cases[1].edge == "a->b"
    assert cases[1].how == {"slow": "300ms", "share": "30%"}
    assert cases[0].how == {"kill": True}
