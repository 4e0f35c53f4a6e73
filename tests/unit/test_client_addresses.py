"""Who asks: the socket's address, or what a trusted proxy says of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from placet.config.service import parse_address, parse_network
from placet.errors import ConfigurationError
from placet.web.addresses import Networks, client_address, group_of, is_loopback, plain
from placet.web.server.crowd import Crowd

PROXIES = Networks((parse_network("10.0.0.0/8"), parse_network("fd00::/8")))
CLIENT = "203.0.113.9"


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (CLIENT, [], CLIENT),
        (CLIENT, ["198.51.100.1"], CLIENT),
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", [CLIENT], CLIENT),
        ("10.0.0.1", [f"198.51.100.1, {CLIENT}"], CLIENT),
        ("10.0.0.1", ["198.51.100.1", CLIENT], CLIENT),
        ("10.0.0.1", [f"{CLIENT}, 10.0.0.3,10.0.0.2"], CLIENT),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1", [f"{CLIENT}:4711"], CLIENT),
        ("10.0.0.1", ["[2001:db8::1]:4711"], "2001:db8::1"),
        ("10.0.0.1", ["2001:DB8:0::1"], "2001:db8::1"),
        ("10.0.0.1", [f"::ffff:{CLIENT}"], CLIENT),
        ("::ffff:10.0.0.1", [CLIENT], CLIENT),
        ("fd00::1", [CLIENT], CLIENT),
        ("10.0.0.1", ["unknown"], "10.0.0.1"),
        ("10.0.0.1", [f"{CLIENT}, <script>, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1", [f"{CLIENT},"], "10.0.0.1"),
        ("", ["198.51.100.1"], ""),
    ],
)
def test_the_rightmost_address_that_is_not_trusted_is_who_asks(peer: str, forwarded: list[str], address: str) -> None:
    assert client_address(peer, forwarded, PROXIES) == address


@given(st.lists(st.text(max_size=40), max_size=6))
def test_whatever_a_header_says_it_changes_nothing_for_who_is_not_trusted(forwarded: list[str]) -> None:
    assert client_address(CLIENT, forwarded, PROXIES) == CLIENT
    assert client_address("10.0.0.1", forwarded, Networks()) == "10.0.0.1"


@given(st.lists(st.text(max_size=40), max_size=6))
def test_what_a_trusted_proxy_says_is_an_address_or_is_not_believed(forwarded: list[str]) -> None:
    address = client_address("10.0.0.1", forwarded, PROXIES)

    assert plain(address) == address != ""


@given(st.lists(st.ip_addresses().map(str), max_size=4))
def test_what_stands_left_of_who_asks_is_hearsay(hearsay: list[str]) -> None:
    assert client_address("10.0.0.1", [", ".join([*hearsay, CLIENT, "10.9.9.9"])], PROXIES) == CLIENT


def test_an_ipv6_site_counts_as_one() -> None:
    assert group_of("2001:db8::1") == group_of("2001:db8::ffff") != group_of("2001:db8:0:1::1")
    assert group_of(CLIENT) == CLIENT


def test_loopback_is_what_the_system_calls_so() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1")))
    assert not any(map(is_loopback, ("", "localhost", "0.0.0.0", "::", CLIENT)))  # noqa: S104 - looked at, not bound


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/33", "proxy", "", "10.0.0.0/8 "])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_network(text)
    assert refused.value.code == "SETTING_INVALID"


@pytest.mark.parametrize("text", ["9480", "localhost", "127.0.0.1:", ":9480", "a:65536", "a b:1", "[::1]", "a:1\n"])
def test_what_is_no_address_to_listen_at_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse_address(text)
    assert refused.value.code == "SETTING_INVALID"


def test_an_address_to_listen_at_is_host_and_port() -> None:
    assert (parse_address("[::1]:9480").host, parse_address("localhost:0").port) == ("::1", 0)


def test_one_address_has_a_quarter_of_the_places() -> None:
    crowd = Crowd(most=8, trusted=PROXIES)

    assert [crowd.admit(CLIENT) for _ in range(3)] == [True, True, False]
    assert crowd.admit("203.0.113.10")
    crowd.leave(CLIENT)
    assert crowd.admit(CLIENT)


@pytest.mark.parametrize("address", ["127.0.0.1", "10.0.0.1", "::1"])
def test_this_machine_and_trusted_proxies_may_have_every_place_but_no_more(address: str) -> None:
    crowd = Crowd(most=8, trusted=PROXIES)

    assert [crowd.admit(address) for _ in range(9)] == [True] * 8 + [False]
    assert not crowd.admit(CLIENT)
    for _ in range(8):
        crowd.leave(address)
    assert crowd.size == 0
    assert crowd.admit(CLIENT)
