"""A77: SSH signatures of another namespace, out of time, or under a revoked key; made by the real ssh-keygen."""

from __future__ import annotations

import subprocess
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from placet.domain.authorization.approval import NAMESPACE, Approval, VerifiedApproval, verify_approval
from placet.domain.authorization.principal import Principal, PrincipalKey, checked
from placet.domain.encoding.ssh_public_key import SshPublicKey, parse_public_key
from placet.domain.encoding.sshsig import normalize, unarmor
from placet.errors import DeniedError
from support.governance import ENROLLED, NOW, a_plan, an_approval, shown

pytestmark = pytest.mark.needs("ssh-keygen")
PLAN = a_plan()
MOMENT = timedelta(milliseconds=1)


@pytest.fixture(scope="module")
def key_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("a77") / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    return path


@pytest.fixture(scope="module")
def public(key_path: Path) -> SshPublicKey:
    return parse_public_key(key_path.with_suffix(".pub").read_text())


def signed(key_path: Path, approval: Approval, namespace: str = NAMESPACE) -> bytes:
    command = ["ssh-keygen", "-Y", "sign", "-f", str(key_path), "-n", namespace]
    done = subprocess.run(command, input=approval.encode(), capture_output=True, check=True)
    return normalize(unarmor(done.stdout.decode()))


def alice(public: SshPublicKey, revoked_at: datetime | None = None) -> Principal:
    key = PrincipalKey(public_key=public, enrolled_at=ENROLLED, revoked_at=revoked_at)
    return checked(Principal(principal_id="person:alice", on_behalf_of="", keys=(key,), enrolled_at=ENROLLED))


def verified(approval: Approval, signature: bytes, principal: Principal, **changed: Any) -> VerifiedApproval:
    members: dict[str, Any] = {"about": shown(PLAN), "at": NOW, **changed}
    return verify_approval(approval.encode(), signature, principal=principal, **members)


def refused(approval: Approval, signature: bytes, principal: Principal, **changed: Any) -> str:
    with pytest.raises(DeniedError) as caught:
        verified(approval, signature, principal, **changed)
    return caught.value.code


def test_an_approval_that_ssh_keygen_signed_holds(key_path: Path, public: SshPublicKey) -> None:
    approval = an_approval(PLAN, "alice", public)

    assert verified(approval, signed(key_path, approval), alice(public)).assurance == 2


@pytest.mark.parametrize("namespace", ["git", "file", "placet", "placet-approval2", "Placet-Approval"])
def test_a_signature_for_another_purpose_approves_nothing(key_path: Path, public: SshPublicKey, namespace: str) -> None:
    approval = an_approval(PLAN, "alice", public)

    assert refused(approval, signed(key_path, approval, namespace), alice(public)) == "APPROVAL_INVALID"


def test_an_approval_that_expired_approves_nothing(key_path: Path, public: SshPublicKey) -> None:
    approval = an_approval(PLAN, "alice", public)
    signature = signed(key_path, approval)

    assert refused(approval, signature, alice(public), at=approval.expires_at) == "APPROVAL_INVALID"
    assert verified(approval, signature, alice(public), at=approval.expires_at - MOMENT).recorded_at > NOW


def test_a_revoked_key_approves_nothing_from_its_revocation_on(key_path: Path, public: SshPublicKey) -> None:
    approval = an_approval(PLAN, "alice", public)
    signature = signed(key_path, approval)

    assert refused(approval, signature, alice(public, revoked_at=NOW)) == "APPROVAL_INVALID"
    assert refused(approval, signature, alice(public, revoked_at=NOW - MOMENT)) == "APPROVAL_INVALID"
    assert verified(approval, signature, alice(public, revoked_at=NOW + MOMENT)).digest


def test_a_key_that_was_enrolled_later_approves_nothing_earlier(key_path: Path, public: SshPublicKey) -> None:
    approval = an_approval(PLAN, "alice", public)
    key = PrincipalKey(public_key=public, enrolled_at=NOW + MOMENT)
    late = checked(Principal(principal_id="person:alice", on_behalf_of="", keys=(key,), enrolled_at=ENROLLED))

    assert refused(approval, signed(key_path, approval), late) == "APPROVAL_INVALID"


def test_a_signature_is_for_one_approval(key_path: Path, public: SshPublicKey) -> None:
    approval, other = an_approval(PLAN, "alice", public), an_approval(PLAN, "alice", public, group="security")

    assert refused(other, signed(key_path, approval), alice(public)) == "APPROVAL_INVALID"
