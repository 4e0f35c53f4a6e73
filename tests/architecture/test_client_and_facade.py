"""What the command line asks of an installation, a service can be asked too: the same verbs, the same parameters."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

import pytest

from architecture.tree import source_modules
from placet.client import RemotePlacet
from placet.client.break_glass import RemoteBreakGlass
from placet.client.evidence import RemoteCertificates, RemoteLedger, RemoteReceipts, RemoteVerification
from placet.client.governance import (
    RemoteFreezes,
    RemoteGovernance,
    RemoteKeys,
    RemoteSessions,
    RemoteTrust,
    RemoteVisibility,
)
from placet.client.planning import RemotePlanning
from placet.client.publishing import RemotePublishing
from placet.facade import Placet
from placet.facade.break_glass import BreakGlass
from placet.facade.certificates import Certificates
from placet.facade.freezes import Freezes
from placet.facade.governance import Governance
from placet.facade.keys import Keys
from placet.facade.ledger import LedgerBook
from placet.facade.planning import Planning
from placet.facade.publishing import Publishing
from placet.facade.receipts import Receipts
from placet.facade.sessions import Sessions
from placet.facade.storage import Storage
from placet.facade.trust import Trust
from placet.facade.verification import Verification
from placet.facade.visibility import PackageVisibilities

GROUPS: dict[str, tuple[type, type]] = {
    "publishing": (Publishing, RemotePublishing),
    "planning": (Planning, RemotePlanning),
    "verification": (Verification, RemoteVerification),
    "governance": (Governance, RemoteGovernance),
    "freezes": (Freezes, RemoteFreezes),
    "break_glass": (BreakGlass, RemoteBreakGlass),
    "certificates": (Certificates, RemoteCertificates),
    "receipts": (Receipts, RemoteReceipts),
    "keys": (Keys, RemoteKeys),
    "trust": (Trust, RemoteTrust),
    "sessions": (Sessions, RemoteSessions),
    "visibility": (PackageVisibilities, RemoteVisibility),
    "ledger": (LedgerBook, RemoteLedger),
    "storage": (Storage, type(None)),
}
OF_THE_MACHINE = {("ledger", "verify"), ("ledger", "adopt_anchor"), ("storage", "check")}
"""What only the machine of the installation does: `--server` is refused there."""


def called() -> Iterator[tuple[str, str]]:
    """Yield each verb that the command line calls: `placet.GROUP.VERB`."""
    for module in source_modules():
        if not module.within("placet.cli"):
            continue
        for node in ast.walk(module.tree):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.value, ast.Attribute)
                and isinstance(node.value.value, ast.Name | ast.Attribute)
                and ast.unparse(node.value.value) in ("placet", "self._placet")
            ):
                yield node.value.attr, node.attr


CALLED = sorted(set(called()))


def test_the_command_line_calls_verbs_of_every_group() -> None:
    assert {group for group, _ in CALLED} - {"signer"} == set(GROUPS)


@pytest.mark.parametrize(
    ("group", "verb"), [each for each in CALLED if each not in OF_THE_MACHINE and each[0] != "signer"]
)
def test_a_verb_of_the_command_line_has_the_same_parameters_at_a_service(group: str, verb: str) -> None:
    here, there = (getattr(each, verb) for each in GROUPS[group])

    assert parameters(there) == parameters(here)
    assert inspect.iscoroutinefunction(there) == inspect.iscoroutinefunction(here)


def test_both_have_every_group_that_is_asked() -> None:
    for each in (Placet, RemotePlacet):
        source = inspect.getsource(each.__init__)
        assert [group for group in GROUPS if group != "storage" and f"self.{group} = " not in source] == []


def parameters(verb: object) -> list[tuple[str, str]]:
    assert callable(verb)
    return [
        (each.name, each.kind.name + ("" if each.default is inspect.Parameter.empty else " with a default"))
        for each in inspect.signature(verb).parameters.values()
    ]
