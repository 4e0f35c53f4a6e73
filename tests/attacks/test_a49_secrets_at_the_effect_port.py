"""A49 (egress): the credential shows up nowhere but in the one header of the one request."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
from pathlib import Path

import pytest

from placet.adapters.credentials.named import NamedCredentials
from placet.adapters.egress.endpoint import parse_endpoint
from placet.adapters.egress.exchange import Egress
from placet.adapters.egress.messages import Answer, Caps, Request
from placet.demo.npm_double import Fault, NpmDouble
from placet.errors import PlacetError
from placet.ports.effects import Provider, Secret
from support.effects import TOKEN, GivenCredentials, World, authorize, make_archive, publish_operation, put_operation
from support.raw_server import exactly, raw_server
from support.seaweed import SECRET

ARCHIVE = make_archive("@acme/tool", "1.0.0")
ECHO = f"HTTP/1.1 401 {TOKEN}\r\nx-echo: {TOKEN}\r\ncontent-length: {len(TOKEN)}\r\n\r\n{TOKEN}".encode()


def told(world: World) -> str:
    """Publish, and return all that the caller can see of it: outcome or error, with its whole chain."""
    operation = publish_operation(ARCHIVE)
    try:
        outcome = asyncio.run(world.port().perform(authorize(operation, {"archive.tgz": ARCHIVE})))
        found = asyncio.run(world.port().look_up(operation))
    except PlacetError as error:
        return "".join(traceback.format_exception(error)) + repr(error) + error.hint
    return f"{outcome!r}{found!r}{json.dumps(outcome.response)}"


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(acts=True), id="published"),
        pytest.param(Fault(status=401, headers={"x-echo": TOKEN, "set-cookie": TOKEN}), id="echoed in headers"),
        pytest.param(Fault(status=307, headers={"location": f"http://127.0.0.1/{TOKEN}"}), id="echoed in a redirect"),
        pytest.param(Fault(status=429, headers={"retry-after": TOKEN}), id="echoed where a number stands"),
        pytest.param(Fault(cut_after=20), id="cut"),
        pytest.param(Fault(status=503), id="unclear"),
    ],
)
def test_a49_no_outcome_error_or_log_line_holds_the_token(fault: Fault, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with NpmDouble(TOKEN) as double:
        double.inject(fault)
        seen = told(World(npm_url=double.url))

    assert seen
    assert TOKEN not in seen + caplog.text


def test_a49_a_registry_that_echoes_the_token_everywhere_is_not_quoted(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    async def run() -> str:
        async with raw_server(exactly(ECHO)) as server:
            port = World(npm_url=server.url).port()
            return repr(await port.perform(authorize(publish_operation(ARCHIVE), {"archive.tgz": ARCHIVE})))

    assert TOKEN not in asyncio.run(run()) + caplog.text


def test_a49_requests_answers_and_secrets_do_not_show_what_they_carry() -> None:
    request = Request(method="PUT", path="/x", body=TOKEN.encode(), bearer=Secret(TOKEN))
    answer = Answer(status=200, headers={"x": TOKEN}, body=TOKEN.encode())
    port = World(credentials=GivenCredentials({"npm": TOKEN})).port()

    assert TOKEN not in f"{request!r}{request}{answer!r}{answer}{Secret(TOKEN)!r}{Secret(TOKEN)}{port!r}"


@pytest.mark.parametrize("bad", [f"{TOKEN} {TOKEN}", f"{TOKEN}\n{TOKEN}", f"{TOKEN}\r\nx-injected: 1", f"{TOKEN}\x00"])
def test_a49_a_malformed_credential_is_named_and_not_shown(
    bad: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    file = tmp_path / "token"
    file.write_text(bad)
    seen = ""
    for name in ("env:NPM_TOKEN", f"file:{file}"):
        provider = Provider(provider_id="npm", kind="npm", url="https://registry.example.com", credential=name)
        with pytest.raises(PlacetError) as caught:
            NamedCredentials({"NPM_TOKEN": bad}).of(provider)
        seen += "".join(traceback.format_exception(caught.value)) + caught.value.hint

    assert seen.count("CREDENTIAL_INVALID") >= 2
    assert TOKEN not in seen + caplog.text


def test_a49_the_token_goes_to_the_registry_and_to_no_other_endpoint() -> None:
    async def run() -> list[bytes]:
        async with raw_server(exactly(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")) as server:
            request = Request(method="GET", path="/x")
            await Egress().exchange(parse_endpoint(server.url), request, Caps(seconds=5))
            return server.received

    assert b"authorization" not in b"".join(asyncio.run(run())).lower()


@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden", "412 Precondition Failed", "500 Internal Server Error"])
def test_a49_an_object_store_that_echoes_the_credential_is_not_quoted(
    status: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    echo = f"HTTP/1.1 {status}\r\netag: {SECRET}\r\ncontent-length: {len(SECRET)}\r\n\r\n{SECRET}".encode()

    async def run() -> tuple[str, list[bytes]]:
        async with raw_server(exactly(echo)) as server:
            bucket = Provider(provider_id="objects", kind="s3", url=f"{server.url}/objects", credential="env:S3")
            port = World(bucket=bucket).port()
            operation = put_operation(b"content", key="packages/@acme/tool/1.0.0.tgz")
            outcome = await port.perform(authorize(operation, {"object": b"content"}))
            return f"{outcome!r}{await port.look_up(operation)!r}{port!r}", server.received

    seen, received = asyncio.run(run())

    assert received
    assert SECRET not in seen + caplog.text
    assert SECRET.encode() not in b"".join(received)
