"""A50: a provider's address, a name that moves, or a redirect leads requests into the inside."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from placet.adapters.egress.addresses import check_address
from placet.adapters.egress.endpoint import parse_endpoint
from placet.adapters.egress.exchange import Egress
from placet.adapters.egress.messages import Caps, Request
from placet.errors import EffectError
from support.raw_server import raw_server, whole

NEVER_AN_ADDRESS = [
    "http://registry.example.com/",
    "http://10.0.0.1/",
    "http://169.254.169.254/latest/meta-data",
    "ftp://127.0.0.1/",
    "file:///etc/passwd",
    "gopher://127.0.0.1/",
    "HTTPS://registry.example.com/",
    "https://Registry.example.com/",
    "//registry.example.com/",
    "https:registry.example.com",
    "https:///registry.example.com",
    "https://",
    "https://user@registry.example.com/",
    "https://user:password@registry.example.com/",
    "https://registry.example.com@169.254.169.254/",
    "https://registry.example.com/?query=1",
    "https://registry.example.com/#fragment",
    "https://registry.example.com:0/",
    "https://registry.example.com:65536/",
    "https://registry.example.com:443x/",
    "https://registry.example.com:+443/",
    "https://registry.example.com:\u0664\u0664\u0663/",
    "https://registry.example.com\\@127.0.0.1/",
    "https://registry.example.com/..",
    "https://registry.example.com/a/../b",
    "https://registry.example.com/a//b",
    "https://registry.example.com/%2e%2e/b",
    "https://registry.example.com/a%2f..%2fb",
    "https://registry.example.com/a%00",
    "https://registry.example.com/a%5cb",
    "https://registry.example.com/a%252e",
    "https://registry.example.com/a b",
    "https://registry.example.com/a\r\nx: y",
    "https://registry.example.com\n/",
    "https://registry..example.com/",
    "https://-registry.example.com/",
    "https://registry.example.com./",
    "https://r\u00e9gistry.example.com/",
    "https://registry.example.com%2f@127.0.0.1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://0x7f.0.0.1/",
    "https://127.0.0.01/",
    "https://1.1.1.1.1/",
    "https://256.1.1.1/",
    "https://[::1/",
    "https://[0:0:0:0:0:0:0:1]/",
    "https://[::0001]/",
    "https://[::1%25lo]/",
    "https://[::1]x/",
    "https://[not-an-address]/",
    "https://::1/",
]
"""Forms that a provider record may not have at all."""

NEVER_CONNECTED_TO = [
    "0.0.0.0",  # noqa: S104 - refused, not bound
    "169.254.169.254",
    "169.254.1.1",
    "100.100.100.200",
    "192.0.0.192",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "fe80::1",
    "ff02::1",
    "fd00:ec2::254",
    "::ffff:7f00:1",
    "::ffff:a9fe:a9fe",
    "::7f00:1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:7f00:1::1",
]
"""Addresses that are refused even where the record names them literally."""

INSIDE = ["127.0.0.1", "127.9.9.9", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "::1", "fd12:3456::1"]


@pytest.mark.parametrize("url", NEVER_AN_ADDRESS)
def test_a50_an_address_in_a_forged_form_is_denied(url: str) -> None:
    with pytest.raises(EffectError) as caught:
        parse_endpoint(url)

    assert caught.value.code == "EGRESS_DENIED"


@pytest.mark.parametrize("address", NEVER_CONNECTED_TO)
@pytest.mark.parametrize("private", [False, True])
def test_a50_metadata_and_disguised_addresses_are_denied_however_they_are_named(address: str, private: bool) -> None:
    literal = f"[{address}]" if ":" in address else address

    assert _denial("https://registry.example.com", address, private=private) == "EGRESS_DENIED"
    assert _denial(f"https://{literal}", address, private=private) == "EGRESS_DENIED"


@pytest.mark.parametrize("address", INSIDE)
def test_a50_a_public_name_that_leads_inside_is_denied(address: str) -> None:
    assert _denial("https://registry.example.com", address) == "EGRESS_DENIED"


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "100.64.0.1"])
def test_a50_a_name_declared_private_still_does_not_lead_to_this_machine(address: str) -> None:
    assert _denial("https://registry.example.com", address, private=True) == "EGRESS_DENIED"


@pytest.mark.parametrize("address", ["10.0.0.1", "192.168.1.1", "203.0.113.1", "192.0.2.1"])
def test_a50_localhost_leads_to_loopback_and_nowhere_else(address: str) -> None:
    assert _denial("http://localhost:4873", address) == "EGRESS_DENIED"


@pytest.mark.parametrize(
    ("url", "address", "private"),
    [
        ("https://registry.example.com", "8.8.8.8", False),
        ("https://registry.example.com", "2606:4700::1111", False),
        ("https://registry.example.com", "10.1.2.3", True),
        ("https://registry.example.com", "fd12:3456::1", True),
        ("http://127.0.0.1:4873", "127.0.0.1", False),
        ("http://[::1]:4873", "::1", False),
        ("http://localhost:4873", "::1", False),
        ("https://10.1.2.3", "10.1.2.3", False),
    ],
)
def test_a50_what_the_record_names_is_allowed(url: str, address: str, private: bool) -> None:
    assert str(check_address(parse_endpoint(url, private=private), address)) == address


def test_a50_a_name_that_answers_with_an_inside_address_opens_nothing() -> None:
    async def rebinding(_host: str, _port: int) -> Sequence[str]:
        return ["8.8.8.8", "127.0.0.1"]

    async def run() -> tuple[str, int]:
        async with raw_server(whole(b"")) as canary:
            endpoint = parse_endpoint(f"https://registry.example.com:{canary.port}")
            with pytest.raises(EffectError) as caught:
                await Egress(resolver=rebinding).exchange(endpoint, Request(method="GET", path="/x"), Caps(seconds=5))
            return caught.value.code, canary.connections

    assert asyncio.run(run()) == ("EGRESS_DENIED", 0)


def test_a50_a_name_is_resolved_once_and_the_connection_goes_to_the_checked_address() -> None:
    answers = [["127.0.0.1"], ["127.0.0.2"]]

    async def moving(_host: str, _port: int) -> Sequence[str]:
        return answers.pop(0)

    async def run() -> int:
        async with raw_server(whole(b"")) as server:
            endpoint = parse_endpoint(f"http://localhost:{server.port}")
            await Egress(resolver=moving).exchange(endpoint, Request(method="GET", path="/x"), Caps(seconds=5))
            return server.connections

    assert (asyncio.run(run()), len(answers)) == (1, 1)


def test_a50_a_redirect_to_the_inside_is_not_followed() -> None:
    async def run() -> tuple[int, int]:
        async with raw_server(whole(b"")) as canary:
            redirect = whole(b"", status="307 Temporary Redirect", headers=f"location: {canary.url}/\r\n")
            async with raw_server(redirect) as server:
                request = Request(method="GET", path="/x")
                answer = await Egress().exchange(parse_endpoint(server.url), request, Caps(seconds=5))
            return answer.status, canary.connections

    assert asyncio.run(run()) == (307, 0)


@pytest.mark.parametrize(
    "path",
    ["x", "//x", "/../x", "/x/..", "/%2e%2e/x", "/x%2f..%2fy", "/x%00", "/x%5c", "/x%25", "/x?y=1", "/x#y", "/x y", ""],
)
def test_a50_a_path_cannot_leave_the_base_of_the_record(path: str) -> None:
    with pytest.raises(EffectError) as caught:
        parse_endpoint("https://registry.example.com/npm").target(path)

    assert caught.value.code == "EGRESS_DENIED"


def test_a50_a_path_stands_below_the_base_of_the_record() -> None:
    endpoint = parse_endpoint("https://registry.example.com:8443/npm/")

    assert endpoint.url("/@acme%2ftool?write=true") == "https://registry.example.com:8443/npm/@acme%2ftool?write=true"


def _denial(url: str, address: str, *, private: bool = False) -> str:
    """Return the code with which connecting to `address` for `url` is denied, empty where it is allowed."""
    try:
        check_address(parse_endpoint(url, private=private), address)
    except EffectError as error:
        return error.code
    return ""
