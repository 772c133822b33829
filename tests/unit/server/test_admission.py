from __future__ import annotations

from dataclasses import dataclass

import pytest

from wyoming_voice_stack.server.admission import (
    EXTRA_CONNECTIONS,
    IDLE_SECONDS,
    SILENT_SECONDS,
    Admission,
    places_of_one_address,
    source_of,
)

PLACES = 16
SHARE = 14


@dataclass(eq=False)
class FakeConnection:
    in_request: bool = False
    waits_for_client_s: float = 0.0
    evicted: bool = False

    def evict(self) -> None:
        self.evicted = True


def filled(admission: Admission, source: str, count: int) -> list[FakeConnection]:
    """Let `count` connections with a request take places."""
    connections = [FakeConnection(in_request=True) for _ in range(count)]
    for connection in connections:
        assert admission.claim(connection, source)
    return connections


class TestShares:
    def test_one_address_leaves_places_to_others(self) -> None:
        admission = Admission(PLACES)
        filled(admission, "192.0.2.1", SHARE)
        assert places_of_one_address(PLACES) == SHARE
        assert not admission.claim(FakeConnection(), "192.0.2.1")
        assert admission.claim(FakeConnection(), "192.0.2.2")

    @pytest.mark.parametrize("source", ["127.0.0.1", "127.0.0.53", "::1"])
    def test_this_machine_may_take_all(self, source: str) -> None:
        admission = Admission(PLACES)
        filled(admission, source, PLACES)
        assert not admission.claim(FakeConnection(), source)

    def test_an_address_at_its_share_gives_up_its_own_idle_one(self) -> None:
        admission = Admission(PLACES)
        *_, last = filled(admission, "192.0.2.1", SHARE)
        other = FakeConnection(waits_for_client_s=600.0)
        assert admission.claim(other, "192.0.2.2")
        last.in_request, last.waits_for_client_s = False, IDLE_SECONDS
        assert admission.claim(FakeConnection(), "192.0.2.1")
        assert last.evicted
        assert not other.evicted

    def test_a_server_with_one_place(self) -> None:
        admission = Admission(1)
        filled(admission, "192.0.2.1", 1)
        assert not admission.claim(FakeConnection(), "192.0.2.2")

    @pytest.mark.parametrize(
        ("host", "expected"),
        [
            ("192.0.2.1", "192.0.2.1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("2001:db8::1", "2001:db8::/64"),
            ("2001:db8::ffff:2", "2001:db8::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("::1", "::1"),
        ],
    )
    def test_source(self, host: str, expected: str) -> None:
        assert source_of((host, 50000)) == expected

    def test_source_of_a_socket_without_address(self) -> None:
        assert not source_of(None)


class TestEviction:
    @pytest.mark.parametrize(
        ("in_request", "waits_s", "gives_way"),
        [
            (False, IDLE_SECONDS, True),
            (False, IDLE_SECONDS - 0.1, False),
            (True, SILENT_SECONDS, True),
            (True, SILENT_SECONDS - 0.1, False),
        ],
    )
    def test_who_gives_way(self, in_request: bool, waits_s: float, gives_way: bool) -> None:
        admission = Admission(2)
        [busy] = filled(admission, "127.0.0.1", 1)
        waiting = FakeConnection(in_request, waits_s)
        assert admission.claim(waiting, "127.0.0.1")
        assert admission.claim(FakeConnection(), "127.0.0.1") is gives_way
        assert waiting.evicted is gives_way
        assert not busy.evicted

    def test_the_longest_waiting_of_the_address_with_most_connections(self) -> None:
        admission = Admission(4)
        crowd = [FakeConnection(waits_for_client_s=seconds) for seconds in (2.0, 9.0, 3.0)]
        for one in crowd:
            assert admission.claim(one, "192.0.2.1")
        alone = FakeConnection(waits_for_client_s=100.0)
        assert admission.claim(alone, "192.0.2.2")
        assert admission.claim(FakeConnection(in_request=True), "192.0.2.3")
        assert [one.evicted for one in (*crowd, alone)] == [False, True, False, False]

    def test_an_address_with_many_fresh_connections_gives_way_to_another(self) -> None:
        admission = Admission(4)
        fresh = [FakeConnection() for _ in range(3)]
        for one in fresh:
            assert admission.claim(one, "192.0.2.1")
        assert admission.claim(FakeConnection(in_request=True), "192.0.2.2")
        assert admission.claim(FakeConnection(in_request=True), "192.0.2.3")
        assert sum(one.evicted for one in fresh) == 1
        assert not admission.claim(FakeConnection(), "192.0.2.1")

    def test_a_place_becomes_free_when_its_connection_ends(self) -> None:
        admission = Admission(1)
        [busy] = filled(admission, "127.0.0.1", 1)
        waiting = FakeConnection()
        assert not admission.claim(waiting, "127.0.0.1")
        admission.leave(busy)
        assert admission.claim(waiting, "127.0.0.1")
        assert admission.claim(waiting, "127.0.0.1")


class TestExtraConnections:
    def test_they_are_bounded(self) -> None:
        admission = Admission(1)
        filled(admission, "127.0.0.1", 1)
        extra = [FakeConnection() for _ in range(EXTRA_CONNECTIONS)]
        for one in extra:
            assert admission.has_room("127.0.0.1")
            admission.enter(one, "127.0.0.1")
        assert len(admission) == 1 + EXTRA_CONNECTIONS
        assert not admission.has_room("127.0.0.1")
        extra[3].waits_for_client_s = IDLE_SECONDS
        assert admission.has_room("127.0.0.1")
        admission.enter(FakeConnection(), "127.0.0.1")
        assert [one.evicted for one in extra].index(True) == 3

    def test_one_that_makes_a_request_moves_to_a_free_place(self) -> None:
        admission = Admission(1)
        [busy] = filled(admission, "127.0.0.1", 1)
        extra = FakeConnection()
        admission.enter(extra, "127.0.0.1")
        assert not admission.claim(extra, "127.0.0.1")
        admission.leave(busy)
        assert admission.claim(extra, "127.0.0.1")
        assert len(admission) == 1
