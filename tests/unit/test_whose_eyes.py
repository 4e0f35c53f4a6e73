"""Whose sessions and keys one sees: one's own, or all of them where nothing is hidden."""

from __future__ import annotations

from placet.core.caller import Caller
from placet.core.runs_seen import EVERYTHING, RunSight

ALICE = Caller(principal_id="person:alice", credential_id="key_0123456789ab", scopes=())


def test_what_belongs_to_a_principal_alone_is_seen_by_itself_and_by_who_sees_everything() -> None:
    eyes = RunSight(caller=ALICE, approves=False)

    assert eyes.is_of("person:alice")
    assert not eyes.is_of("person:bob")
    assert EVERYTHING.is_of("person:bob")
