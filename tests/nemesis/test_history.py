"""The one who reads the history finds what is planted in it, and nothing in one that is as it should be."""

from __future__ import annotations

import pytest

from nemesis.history import Check, End, Fault, History


def history(*events):
    made = History()
    for event in events:
        made.add(event)
    return made


END = End(("s",), "a", 10.0, 11.0, is_told=True)


@pytest.mark.parametrize(
    "events",
    [
        (END, Check("s", "b", 10.9, 11.5, "in"), Check("s", "b", 11.1, 11.2, "refused")),
        (END, Check("other", "b", 12.0, 12.1, "in"), Check("s", "b", 12.0, 12.1, "not known")),
        (End(("s",), "a", 10.0, 11.0, is_told=False), Check("s", "b", 12.0, 12.1, "in")),
        (End(("s",), "a", 10.0, 11.0, is_told=False), Check("s", "b", 10.5, 10.6, "refused")),
        (End(("s",), "a", 10.0, 20.0, is_told=True), Fault("stalled", "a", 9.0, 15.0)),
        (End(("s",), "a", 10.0, 20.0, is_told=True), Fault("stopped", "all", 9.0, 15.0)),
    ],
)
def test_a_history_without_a_fault_of_the_product_is_let_pass(events):
    assert history(*events).violations() == []


@pytest.mark.parametrize(
    ("events", "said"),
    [
        ((END, Check("s", "b", 11.2, 11.3, "in")), "let in by b 0.200 s after"),
        ((Check("s", "b", 1.0, 1.1, "refused"),), "although nobody had ended it"),
        ((END, Check("s", "b", 9.0, 9.1, "refused")), "although nobody had ended it"),
        ((End(("s",), "a", 10.0, 16.0, is_told=True),), "took 6.00 s"),
        ((End(("s",), "a", 10.0, 16.0, is_told=True), Fault("stalled", "b", 9.0, 15.0)), "took 6.00 s"),
        ((End(("s",), "a", 10.0, 40.0, is_told=True), Fault("stalled", "a", 9.0, 15.0)), "took 30.00 s"),
    ],
)
def test_every_broken_promise_is_found(events, said):
    (found,) = history(*events).violations()
    assert said in found
