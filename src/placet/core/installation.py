"""The first state of an installation: its receipt key, and who may begin (protocol 6)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from importlib import resources

from msgspec import Struct

from placet.core.decide import Decision
from placet.core.entities.governance import (
    BOOTSTRAP,
    POLICY_IN_FORCE,
    BootstrapKey,
    PolicyInForce,
    kept_policy_key,
    principal_key,
    principal_object,
)
from placet.core.entities.receipts import receipt_key_object, receipt_key_record_key
from placet.core.entities.stored import record_of, with_index
from placet.core.judgement import LOCAL_PERSON
from placet.domain.authorization.facts import KeyState
from placet.domain.authorization.policy_document import parse_policy
from placet.domain.authorization.principal import Principal
from placet.domain.log.change import Entity, EntityKey
from placet.domain.log.decision_records import PolicyActivated, PrincipalEnrolled
from placet.domain.log.record_types import EntryType
from placet.domain.values.digest import sha256

ACTOR = "service:init"
PROFILE = EntityKey("installation/profile")


class Profile(StrEnum):
    """How an installation begins: everything allowed to one local person, or nothing to anybody."""

    TRIAL = "trial"
    TEAM = "team"


class Beginning(Struct, frozen=True, kw_only=True):
    """What `init` decides: the profile, the receipt key's id, and the bootstrap key of a team."""

    profile: Profile
    receipt_key_id: str
    bootstrap_key: str


def first_decisions(beginning: Beginning, now: datetime) -> list[Decision]:
    """Return the changes that make an empty ledger an installation, in order."""
    founded = Decision(
        type="installation.founded",
        actor=ACTOR,
        subject=beginning.profile.value,
        data={"profile": beginning.profile.value, "receipt_key_id": beginning.receipt_key_id},
        writes={
            PROFILE: with_index({"profile": beginning.profile.value}, []),
            receipt_key_record_key(beginning.receipt_key_id): receipt_key_object(
                beginning.receipt_key_id, KeyState.ACTIVE
            ),
        },
    )
    return [founded, *(_trial(now) if beginning.profile is Profile.TRIAL else _team(beginning.bootstrap_key))]


def trial_policy() -> bytes:
    """Return the TOML of the trial profile's policy, whose zero-approval rules are written out."""
    return resources.files("placet.core").joinpath("policies/trial.toml").read_bytes()


def read_profile(entity: Entity) -> Profile:
    """Return the profile that the installation was founded with."""
    record = record_of(entity, "profile")
    profile = Profile(record.text("profile", "trial|team"))
    record.end()
    return profile


def _trial(now: datetime) -> list[Decision]:
    document = trial_policy()
    policy = parse_policy(document)
    in_force = PolicyInForce(document=document, digest=policy.digest, version=policy.version, activated_at=now)
    local = Principal(principal_id=LOCAL_PERSON, on_behalf_of="", keys=(), enrolled_at=now)
    return [
        Decision(
            type=EntryType.PRINCIPAL_ENROLLED,
            actor=ACTOR,
            subject=LOCAL_PERSON,
            data=PrincipalEnrolled(principal=local.to_object(), receipt={}).to_object(),
            writes={principal_key(LOCAL_PERSON): principal_object(local)},
        ),
        Decision(
            type=EntryType.POLICY_ACTIVATED,
            actor=ACTOR,
            subject=policy.version,
            data=PolicyActivated(policy_digest=policy.digest, policy_version=policy.version, receipt={}).to_object(),
            writes={POLICY_IN_FORCE: in_force.to_object(), kept_policy_key(policy.digest): in_force.to_object()},
        ),
    ]


def _team(bootstrap_key: str) -> list[Decision]:
    key = BootstrapKey(digest=sha256(bootstrap_key.encode()), live=True)
    return [Decision(type="bootstrap_key.made", actor=ACTOR, subject="", data={}, writes={BOOTSTRAP: key.to_object()})]
