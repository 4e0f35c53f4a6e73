"""A49: no secret that the Core handles stands in the ledger, the store, a log line, an error or a `repr`."""

from __future__ import annotations

import base64
import logging
import traceback
from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from placet.core.authorize import Presented
from placet.core.execute import contents_of
from placet.domain.authorization.checks import Trail, open_receipt
from placet.domain.authorization.facts import Request
from placet.domain.values.kinds import Mode
from placet.errors import PlacetError
from placet.usecases.dry_run import record_intents
from support.forging import base64url, desk_of, forged, payload_of, receipt_in, sealed, tag_of
from support.governance import key_of
from support.intents import ARCHIVE
from support.ledgers import InMemory
from support.world import World


def spellings(secret: bytes) -> list[bytes]:
    """Return how a secret might appear."""
    return [
        secret,
        secret.hex().encode(),
        secret.hex().upper().encode(),
        base64.b64encode(secret).rstrip(b"="),
        base64url(secret).encode(),
        repr(secret)[2:-1].encode(),
    ]


def canaries(world: World, *tokens: str) -> dict[str, list[bytes]]:
    """Return every secret of the installation, and the MACs of these tokens, as they might appear."""
    private = key_of("alice").private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    return {
        "receipt secret": spellings(world.secret),
        "bootstrap key": spellings(b"placet_boot_canary"),
        "approver's private key": spellings(private),
        **{f"token {number}": [token.encode()] for number, token in enumerate(tokens)},
        **{f"mac {number}": spellings(tag_of(token)) for number, token in enumerate(tokens)},
    }


def found(haystack: bytes, needles: dict[str, list[bytes]]) -> list[str]:
    return [name for name, ways in needles.items() if any(way in haystack for way in ways)]


def everything_stored(world: World) -> bytes:
    assert isinstance(world.home, InMemory)
    assert world.home.tables is not None
    tables = world.home.tables
    rows = [entity.content for entity in tables.entities.values()]
    keys = [key.encode() for key in [*tables.entities, *tables.once, *tables.counters]]
    values = [f"{row.name} {row.value} {row.key}".encode() for row in tables.index]
    return b"\n".join([*world.contents(), *rows, *keys, *values, *tables.detached.values(), *tables.erasable.values()])


def attempts(world: World) -> Iterator[tuple[str, BaseException]]:
    """Yield tokens with the error that presenting each of them raises."""
    plan, token = world.ready()
    forgeries = (
        forged(world, token, nonce="0" * 32),
        forged(world, token, key_id="other"),
        sealed(world, payload_of(token), secret=b"x" * 32),
        token + "x",
        token[:-1],
    )
    world.present(plan, token)
    for each in (token, *forgeries):
        with pytest.raises(PlacetError) as caught:
            world.present(plan, each)
        yield each, caught.value


def test_neither_entries_nor_rows_hold_a_secret_after_success_and_every_refusal() -> None:
    world = World()
    tokens = [token for token, _ in attempts(world) if "." in token and len(token.split(".")[1]) == 43]
    world.run(record_intents(world.context, world.plan(mode=Mode.DRY_RUN).run_id))

    assert found(everything_stored(world), canaries(world, *tokens)) == []


def test_no_error_tells_a_secret() -> None:
    world = World()

    for token, error in attempts(world):
        told = "".join([str(error), repr(error), str(vars(error)), repr(error.args)]).encode()
        assert found(told, {"token": [token.encode()], **canaries(world)}) == []


def test_a_traceback_tells_no_secret_on_its_own_lines() -> None:
    world = World()

    for token, error in attempts(world):
        shown = "".join(traceback.format_exception(error)).encode()
        assert found(shown, {"token": [token.encode()], **canaries(world)}) == []


def test_nothing_is_logged_of_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    world = World()
    tokens = [token for token, _ in attempts(world)]

    assert found(caplog.text.encode(), {**canaries(world), "tokens": [token.encode() for token in tokens]}) == []


def test_no_value_of_the_core_shows_a_secret_in_its_repr() -> None:
    world = World()
    plan, token = world.ready()
    operation = plan.operations[0]
    request = Request(mode="prod", run_id=plan.run_id, operation=operation, token=token)
    contents = world.run(contents_of(world.context, operation))
    presented = Presented(request=request, contents=contents, observations=(), actor="person:alice")
    _, _, (intended,) = world.run(record_intents(world.context, world.plan(mode=Mode.DRY_RUN).run_id))
    record = world.receipt(receipt_in(token).receipt_id)
    opened = open_receipt(request, desk_of(world), Trail())
    values = repr([request, presented, desk_of(world), opened, intended, record]).encode()

    assert found(values + repr(world.context).encode(), canaries(world, token, intended.advice.token)) == []
    assert ARCHIVE not in values


def test_what_the_port_is_handed_shows_neither_bytes_nor_token() -> None:
    world = World()
    plan, token = world.ready()
    world.present(plan, token)

    told = repr(world.double.sent).encode()

    assert found(told, canaries(world, token)) == []
    assert ARCHIVE not in told
