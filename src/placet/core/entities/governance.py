"""Who may say yes, and what decides: the policy in force, approvals of a plan, the bootstrap key, providers."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from placet.core.entities.stored import record_of, remembered, with_index
from placet.domain.authorization.approval import Approval
from placet.domain.authorization.denial import Denial, read_denial
from placet.domain.authorization.principal import Principal, read_principal
from placet.domain.encoding.canonical import Object
from placet.domain.encoding.strict_base64 import decode_base64, encode_base64
from placet.domain.log.change import Entity, EntityKey
from placet.domain.values.digest import Digest
from placet.domain.values.time import format_instant
from placet.ports.effects import Provider

POLICY_IN_FORCE = EntityKey("policy/active")
BOOTSTRAP = EntityKey("bootstrap/key")


class PolicyInForce(Struct, frozen=True, kw_only=True):
    """The TOML bytes of the policy that decides now, and since when."""

    document: bytes
    digest: Digest
    version: str
    activated_at: datetime

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        members: Object = {
            "document": encode_base64(self.document),
            "digest": self.digest,
            "version": self.version,
            "activated_at": format_instant(self.activated_at),
        }
        return with_index(members, [])


def kept_policy_key(digest: str) -> EntityKey:
    """Return the key under which a policy that was ever in force stays."""
    return EntityKey(f"policy/{digest}")


@remembered
def read_policy_in_force(entity: Entity) -> PolicyInForce:
    """Return the policy that the entity holds."""
    record = record_of(entity, "policy in force")
    policy = PolicyInForce(
        document=decode_base64(record.text("document")),
        digest=record.digest("digest"),
        version=record.text("version"),
        activated_at=record.instant("activated_at"),
    )
    record.end()
    return policy


def principal_key(principal_id: str) -> EntityKey:
    """Return the key of a principal."""
    return EntityKey(f"principal/{principal_id}")


def principal_object(principal: Principal) -> Object:
    """Return the principal's entity, found in the list of principals."""
    return with_index(principal.to_object(), [("principal", principal.principal_id)])


@remembered
def stored_principal(entity: Entity) -> Principal:
    """Return the principal that the entity holds."""
    return read_principal(record_of(entity, "principal"))


class SignedApproval(Struct, frozen=True, kw_only=True):
    """What one person said, as they signed it: canonical bytes and SSHSIG blob, and when it came in.

    What was said in a session has no signature; `session` is that session's id then, else empty.
    """

    encoded: bytes
    signature: bytes
    recorded_at: datetime
    session: str = ""

    def to_object(self) -> Object:
        """Return the entity's members; it is found through its plan's `ApprovalSet`."""
        members: Object = {
            "approval": self.encoded.decode("ascii"),
            "signature": encode_base64(self.signature),
            "recorded_at": format_instant(self.recorded_at),
            "session": self.session,
        }
        return with_index(members, [])


def approval_key(plan: EntityKey, number: int) -> EntityKey:
    """Return the key of the `number`-th thing said about a plan."""
    return EntityKey(f"approval/{plan.removeprefix('plan/')}/{number}")


def read_signed_approval(entity: Entity) -> SignedApproval:
    """Return the approval that the entity holds, verified by nobody yet."""
    record = record_of(entity, "stored approval")
    approval = SignedApproval(
        encoded=record.text("approval").encode("ascii"),
        signature=decode_base64(record.text("signature")),
        recorded_at=record.instant("recorded_at"),
        session=record.later_text("session"),
    )
    record.end()
    return approval


class ApprovalSet(Struct, frozen=True, kw_only=True):
    """Everything said about one plan: how many, and by whom. The anchor that each approval also writes."""

    count: int
    approvers: tuple[str, ...]

    def with_one_more(self, approval: Approval) -> ApprovalSet:
        """Return the set after one more approval, denial or withdrawal."""
        approvers = tuple(sorted({*self.approvers, approval.approver}))
        return ApprovalSet(count=self.count + 1, approvers=approvers)

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        return with_index({"count": self.count, "approvers": list(self.approvers)}, [])


def approval_set_key(plan: EntityKey) -> EntityKey:
    """Return the key of the set of everything said about a plan."""
    return EntityKey(f"approvals/{plan.removeprefix('plan/')}")


def read_approval_set(entity: Entity) -> ApprovalSet:
    """Return the set that the entity holds."""
    record = record_of(entity, "approval set")
    approvals = ApprovalSet(count=record.integer("count"), approvers=record.texts("approvers"))
    record.end()
    return approvals


def key_counter_key(key_id: str) -> EntityKey:
    """Return the key under which the last counter of a hardware key stands."""
    return EntityKey(f"key_counter/{key_id}")


def key_counter_object(key_id: str, counter: int) -> Object:
    """Return the record of a hardware key's last counter."""
    return with_index({"key_id": key_id, "counter": counter}, [])


def read_key_counter(entity: Entity) -> int:
    """Return the counter that the record holds."""
    record = record_of(entity, "key counter")
    record.text("key_id")
    counter = record.integer("counter")
    record.end()
    return counter


def denial_object(denial: Denial) -> Object:
    """Return the denial's entity."""
    return with_index(denial.to_object(), [])


def stored_denial(entity: Entity) -> Denial:
    """Return the denial that the entity holds."""
    return read_denial(record_of(entity, "denial"))


class BootstrapKey(Struct, frozen=True, kw_only=True):
    """The key that `init` printed: its SHA-256, and whether it still lives. It dies with the first policy."""

    digest: Digest
    live: bool

    def to_object(self) -> Object:
        """Return the entity's members and index."""
        return with_index({"digest": self.digest, "live": self.live}, [])


def read_bootstrap_key(entity: Entity) -> BootstrapKey:
    """Return the bootstrap key's record."""
    record = record_of(entity, "bootstrap key")
    key = BootstrapKey(digest=record.digest("digest"), live=record.flag("live"))
    record.end()
    return key


def provider_key(provider_id: str) -> EntityKey:
    """Return the key of a provider's record."""
    return EntityKey(f"provider/{provider_id}")


def provider_object(provider: Provider) -> Object:
    """Return the provider's entity; the credential is a name, never a secret."""
    members: Object = {
        "provider_id": provider.provider_id,
        "kind": provider.kind,
        "url": provider.url,
        "credential": provider.credential,
        "private": provider.private,
        "region": provider.region,
    }
    return with_index(members, [("provider", provider.provider_id)])


@remembered
def stored_provider(entity: Entity) -> Provider:
    """Return the provider that the entity holds."""
    record = record_of(entity, "provider")
    provider = Provider(
        provider_id=record.text("provider_id"),
        kind=record.text("kind"),
        url=record.text("url"),
        credential=record.text("credential"),
        private=record.flag("private"),
        region=record.later_text("region"),
    )
    record.end()
    return provider
