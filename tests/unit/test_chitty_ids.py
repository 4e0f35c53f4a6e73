"""ChittyIDs: a stable function with vectors, and minting that counts a request once (contract 2 and 3)."""

from __future__ import annotations

import re
import string
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from placet.core.entities.chitty_ids import MintedId, minted_key
from placet.core.entities.stored import required
from placet.domain.values.chitty_id import ChittyType, Namespace, check_chitty_id, chitty_id, parse_content_hash
from placet.domain.values.digest import Digest, sha256
from placet.errors import DeniedError, InvalidInputError, UnavailableError
from placet.ports.store import ConflictError
from placet.usecases.mint_chitty_id import MintRequest, mint_chitty_id
from placet.usecases.revoke_key import revoke_key
from support.doubles import RestlessStore
from support.installation import CERTIFYING, TEAM
from support.keys import KEYS, asking_with, make_key
from support.world import World

SPECIFIED = Path(__file__).parents[2] / "docs" / "spec" / "wire-contract.md"
VECTOR = re.compile(r"\| `(sha256:[0-9a-f]{64})` \| ([A-Z]{3}) \| ([A-Z]) \| (\d) \| `([^`]*)` \|")
VECTORS = VECTOR.findall(SPECIFIED.read_text(encoding="utf-8"))
CONTENT = sha256(b"a content")
ALL = string.digits + string.ascii_uppercase
HASHES = st.binary(min_size=1, max_size=8).map(sha256)
NAMES = st.builds(chitty_id, HASHES, st.sampled_from(Namespace), st.sampled_from(ChittyType), st.integers(0, 9))


def milliseconds(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def mint(here: World, *, nonce: str | None = "n-1", late: float = 0, **changed: Any) -> MintedId:
    request = MintRequest(
        content_hash=CONTENT,
        namespace=Namespace.DOCUMENT,
        chitty_type=ChittyType.I,
        timestamp=milliseconds(here.clock.now() - timedelta(seconds=late)),
        nonce=nonce,
    )
    context = changed.pop("context", here.context)
    return here.run(mint_chitty_id(context, replace(request, **changed), actor="person:alice"))


def test_the_specification_has_vectors() -> None:
    assert len(VECTORS) == 4


@pytest.mark.parametrize("vector", VECTORS)
def test_a_content_is_named_as_the_specification_says(vector: tuple[str, str, str, str, str]) -> None:
    content_hash, namespace, chitty_type, nth, name = vector

    assert chitty_id(Digest(content_hash), Namespace(namespace), ChittyType(chitty_type), int(nth)) == name


@given(NAMES)
def test_every_name_has_the_contract_s_form_and_checks(name: str) -> None:
    assert re.fullmatch(r"[A-Z0-9]{2}-[A-Z]-[A-Z]{3}-\d{4}-[A-Z]-[A-Z0-9]{2}-[A-Z0-9]-[A-Z0-9]", name)
    check_chitty_id(name)


@given(NAMES, st.integers(0, 21), st.sampled_from(ALL))
def test_one_wrong_character_is_found(name: str, at: int, other: str) -> None:
    wrong = name[:at] + other + name[at + 1 :]
    if wrong != name:
        with pytest.raises(InvalidInputError, match="CHITTY_ID_INVALID"):
            check_chitty_id(wrong)


@given(NAMES, st.integers(0, 20))
def test_two_characters_in_the_wrong_order_are_found(name: str, at: int) -> None:
    wrong = name[:at] + name[at + 1] + name[at] + name[at + 2 :]
    if wrong != name:
        with pytest.raises(InvalidInputError, match="CHITTY_ID_INVALID"):
            check_chitty_id(wrong)


@pytest.mark.parametrize("text", ["", "sha256:", "sha512:" + "0" * 64, "A" * 64, "0" * 63, f"sha256:{'0' * 64}\n"])
def test_what_is_no_hash_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="INVALID_HASH"):
        parse_content_hash(text)


def test_a_hash_may_be_spelled_without_its_algorithm() -> None:
    assert parse_content_hash(CONTENT.removeprefix("sha256:")) == CONTENT


def test_the_same_content_is_minted_once_and_keeps_its_time() -> None:
    here = World()
    first = mint(here)
    here.move(hours=1)

    again = mint(here, nonce="n-2")

    assert again == first
    assert first.chitty_id == chitty_id(CONTENT, Namespace.DOCUMENT, ChittyType.I, 0)
    key = minted_key(first.chitty_id)
    assert required(here.load(key), key, "name").revision > 0


@pytest.mark.parametrize("change", [{"namespace": Namespace.ASSET}, {"chitty_type": ChittyType.V}])
def test_another_namespace_or_type_is_another_name(change: dict[str, Any]) -> None:
    here = World()

    assert mint(here).chitty_id != mint(here, nonce="n-2", **change).chitty_id


def taken(here: World, names: int) -> None:
    """Let other contents have the first names of ours."""
    for nth in range(names):
        name = chitty_id(CONTENT, Namespace.DOCUMENT, ChittyType.I, nth)
        other = MintedId(
            chitty_id=name,
            content_hash=sha256(b"another content"),
            namespace=Namespace.DOCUMENT,
            chitty_type=ChittyType.I,
            minted_by="person:bob",
            minted_at=here.clock.now(),
        )
        here.write(other.key, other.to_object())


def test_a_name_that_another_content_has_is_not_given_again() -> None:
    here = World()
    taken(here, 2)

    minted = mint(here)

    assert minted.chitty_id == chitty_id(CONTENT, Namespace.DOCUMENT, ChittyType.I, 2)
    assert mint(here, nonce="n-2") == minted


def test_a_content_whose_every_name_is_taken_gets_none() -> None:
    here = World()
    taken(here, 32)

    with pytest.raises(UnavailableError, match="BUSY"):
        mint(here)


def test_a_name_that_is_minted_meanwhile_is_the_same() -> None:
    here = World()
    here.meanwhile(lambda: mint(here, nonce="n-2"))

    assert mint(here).chitty_id == chitty_id(CONTENT, Namespace.DOCUMENT, ChittyType.I, 0)


def test_a_nonce_counts_once_for_each_key() -> None:
    here = World(TEAM + CERTIFYING + KEYS)
    one, other = (asking_with(here, make_key(here)) for _ in range(2))
    mint(here, context=one)

    with pytest.raises(InvalidInputError, match="REPLAY_DETECTED"):
        mint(here, context=one, content_hash=sha256(b"other"))
    mint(here, context=other)
    mint(here)


@pytest.mark.parametrize("late", [60.001, 3600, -60.001, -3600])
def test_a_request_of_another_time_is_refused(late: float) -> None:
    with pytest.raises(InvalidInputError, match="TIMESTAMP_OUT_OF_RANGE"):
        mint(World(), late=late)


@pytest.mark.parametrize("late", [60, -60])
def test_a_minute_is_tolerated(late: float) -> None:
    assert mint(World(), late=late).minted_by == "person:alice"


def test_a_request_that_gets_too_old_while_the_store_stalls_is_refused() -> None:
    here = World()
    here.meanwhile(lambda: here.move(seconds=2))

    with pytest.raises(InvalidInputError, match="TIMESTAMP_OUT_OF_RANGE"):
        mint(here, late=59)


@pytest.mark.parametrize("change", [{"timestamp": None}, {"nonce": None}, {"nonce": ""}])
def test_without_protection_from_replays_nothing_is_minted(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match="MISSING_REPLAY_PROTECTION"):
        mint(World(), **change)


@pytest.mark.parametrize("change", [{"timestamp": -1}, {"timestamp": 10**15}, {"nonce": "n" * 257}])
def test_what_is_no_time_or_too_long_a_nonce_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match="TIMESTAMP_OUT_OF_RANGE"):
        mint(World(), **change)


def test_a_key_that_is_revoked_meanwhile_mints_nothing() -> None:
    here = World(TEAM + CERTIFYING + KEYS)
    key = make_key(here)
    here.meanwhile(lambda: here.run(revoke_key(here.context, key.credential_id, actor="person:alice")))

    with pytest.raises(DeniedError, match="STALE_REQUESTER"):
        mint(here, context=asking_with(here, key))


def test_another_conflict_is_no_replay() -> None:
    here = World()
    here.rebuild(store=RestlessStore(here.ledger, "once", "something/else"))

    with pytest.raises(ConflictError):
        mint(here)
