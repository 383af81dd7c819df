"""What Prometheus may know: counts and seconds, never who. On a port of its own, off unless it is set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import nan
from threading import Event, Thread
from wsgiref.simple_server import WSGIServer

import structlog
from prometheus_client import (
    CollectorRegistry,
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from signedin.actions.hear import WAITED
from signedin.gate.watch import Watch
from signedin.post.logouts import TOLD
from signedin.server.server import Server

AGAIN = 0.2
"""Seconds until a port that another process still holds is tried again."""
log = structlog.get_logger("signedin.server")


class Collected(Collector):
    """What this process can say without asking the database."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def collect(self) -> Iterator[Metric]:
        """Read everything now."""
        server = self._server
        yield GaugeMetricFamily(
            "signedin_activity_waiting", "Uses that wait to be written.", len(server.means.recent)
        )
        yield from WAITED.collect()
        yield from TOLD.collect()
        if server.lease is None:
            return
        known = server.lease.known
        yield CounterMetricFamily(
            "signedin_checks_asked", "Checks that asked the database.", value=server.recogniser.asked
        )
        yield CounterMetricFamily(
            "signedin_checks_from_memory", "Checks answered from memory.", value=known.hits
        )
        yield GaugeMetricFamily("signedin_known_sessions", "Sessions this process remembers.", len(known))
        yield GaugeMetricFamily(
            "signedin_lease_left_seconds", "How long the lease still runs.", known.lease_left
        )
        yield GaugeMetricFamily("signedin_endings_applied", "The latest ending applied here.", known.applied)
        if server.watch is not None:
            yield from _nodes(server.watch)


def _nodes(watch: Watch) -> Iterator[Metric]:
    seen = watch.latest
    yield GaugeMetricFamily("signedin_endings_head", "The latest ending of all, as last looked.", watch.head)
    yield GaugeMetricFamily(
        "signedin_outlives_failover",
        "Whether a standby is synchronous (promise P3); NaN when it is not known.",
        nan if watch.outlives_failover is None else watch.outlives_failover,
    )
    yield GaugeMetricFamily(
        "signedin_database_timeline",
        "Which of its successors the database is: one more after every fail-over.",
        watch.timeline,
    )
    yield GaugeMetricFamily(
        "signedin_last_look_seconds",
        "Since this process last saw the nodes in the database.",
        watch.looked_ago,
    )
    yield GaugeMetricFamily("signedin_nodes", "Processes that may answer from memory.", len(seen))
    silent = GaugeMetricFamily(
        "signedin_node_silent_seconds", "Since a process was seen to renew.", labels=["node"]
    )
    applied = GaugeMetricFamily(
        "signedin_node_applied", "The latest ending that a process applied.", labels=["node"]
    )
    for node in seen:
        silent.add_metric([node.node_id], node.silent_for)
        applied.add_metric([node.node_id], node.applied)
    yield silent
    yield applied


@contextmanager
def told(server: Server) -> Iterator[None]:
    """Answer Prometheus, if anybody said where, until the server ends."""
    host, _, port = server.settings.metrics.rpartition(":")
    if not port:
        yield
        return
    registry = CollectorRegistry()
    registry.register(Collected(server))
    for make in (ProcessCollector, PlatformCollector, GCCollector):
        make(registry=registry)
    stop, ports = Event(), range(int(port), int(port) + server.settings.workers)
    taking = Thread(target=_answer, args=(host.strip("[]"), ports, registry, stop), name="signedin-metrics")
    taking.start()
    try:
        yield
    finally:
        stop.set()
        taking.join()


def _answer(host: str, ports: range, registry: CollectorRegistry, stop: Event) -> None:
    """Answer on a port of these until told to stop.

    There is one for each process. Whoever replaces another finds all of them taken, waits, and takes over the port
    that the other lets go: so they stay the same, however often processes are replaced.
    """
    answering = _listen(host, ports, registry)
    if answering is None:
        log.info("metrics wait for a port", first=ports[0], last=ports[-1])
    while answering is None and not stop.wait(AGAIN):
        answering = _listen(host, ports, registry)
    if answering is None:
        return
    listening, thread = answering
    stop.wait()
    listening.shutdown()
    listening.server_close()
    thread.join()


def _listen(host: str, ports: range, registry: CollectorRegistry) -> tuple[WSGIServer, Thread] | None:
    for port in ports:
        try:
            answering = start_http_server(port, host, registry)
        except OSError:
            continue
        log.info("metrics", port=port)
        return answering
    return None
