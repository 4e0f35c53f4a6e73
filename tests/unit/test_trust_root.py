"""The trust root: read strictly, and only what it names is believed."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from placet.domain.encoding.canonical import Object, decode, encode
from placet.domain.log.checkpoint import Checkpoint, CheckpointKey, sign_checkpoint
from placet.domain.verification.trust_root import LIMIT_BYTES, Log, TrustRoot, parse_trust_root
from placet.errors import InvalidInputError, VerificationError
from support.authority import authority
from support.ledgers import LOG_KEY, ORIGIN, OTHER_SIGNER, SIGNER

OTHER_KEY = CheckpointKey(origin=ORIGIN, public_key=OTHER_SIGNER.public_key)
OLD = Log(origin="old", checkpoint_keys=(CheckpointKey(origin="old", public_key=SIGNER.public_key),), size=7)
ROOT = TrustRoot(
    log=Log(origin=ORIGIN, checkpoint_keys=(OTHER_KEY, LOG_KEY)),
    ca_roots=tuple(authority().roots),
    predecessors=(OLD,),
)


def note(origin: str = ORIGIN, size: int = 3, **changes: Any) -> str:
    return sign_checkpoint(Checkpoint(origin=origin, size=size, root=bytes(32)), changes.get("signer", SIGNER))


def changed(**members: Any) -> bytes:
    return encode({**decode(ROOT.encode(), limit=LIMIT_BYTES), **members}, limit=LIMIT_BYTES)


def predecessor(**members: Any) -> Object:
    parsed: Any = decode(ROOT.encode(), limit=LIMIT_BYTES)["predecessors"]
    return {**parsed[0], **members}


def test_a_trust_root_comes_back_as_it_was() -> None:
    assert parse_trust_root(ROOT.encode()) == ROOT


def test_a_line_feed_at_the_end_is_let_pass() -> None:
    assert parse_trust_root(ROOT.encode() + b"\n") == ROOT


def test_the_file_has_the_members_of_the_specification() -> None:
    assert sorted(decode(ROOT.encode(), limit=LIMIT_BYTES)) == [
        "ca_roots",
        "checkpoint_keys",
        "origin",
        "predecessors",
        "v",
    ]


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"{}",
        ROOT.encode() + b"\n\n",
        ROOT.encode().replace(b",", b", ", 1),
        changed(v=2),
        changed(more=""),
        changed(origin=""),
        changed(origin="other"),
        changed(checkpoint_keys=[]),
        changed(checkpoint_keys=["other+00000000+AAAA"]),
        changed(checkpoint_keys=[LOG_KEY.vkey()] * 65),
        changed(ca_roots=[7]),
        changed(ca_roots=["AAAA"]),
        changed(ca_roots=["-"]),
        changed(predecessors=[predecessor(size=0)]),
        changed(predecessors=[predecessor(more="")]),
        changed(predecessors=[predecessor(), predecessor()]),
        changed(predecessors=[predecessor(checkpoint_keys=[LOG_KEY.vkey()])]),
    ],
)
def test_any_other_file_is_refused(encoded: bytes) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_trust_root(encoded)

    assert refused.value.code == "TRUST_ROOT_INVALID"


def test_a_checkpoint_of_any_known_key_is_opened() -> None:
    assert ROOT.log.open_checkpoint(note())[1] == LOG_KEY
    assert ROOT.log.open_checkpoint(note(signer=OTHER_SIGNER))[1] == OTHER_KEY


@pytest.mark.parametrize("text", ["", note(origin="old"), note().replace("\n3\n", "\n4\n"), note() + note()])
def test_any_other_note_is_refused(text: str) -> None:
    with pytest.raises(VerificationError) as refused:
        ROOT.log.open_checkpoint(text)

    assert refused.value.code == "CHECKPOINT_INVALID"


def test_a_log_that_was_continued_counts_up_to_its_last_size() -> None:
    assert ROOT.log_of("old").open_checkpoint(note("old", 7))[0].size == 7
    with pytest.raises(VerificationError) as refused:
        ROOT.log_of("old").open_checkpoint(note("old", 8))

    assert refused.value.code == "CHECKPOINT_INVALID"


def test_a_log_that_is_not_named_is_not_believed() -> None:
    with pytest.raises(VerificationError) as refused:
        replace(ROOT, predecessors=()).log_of("old")

    assert refused.value.code == "ISSUER_MISMATCH"
