"""What is read in the place of what is not there, so that it costs what something hidden costs (attacks A87).

Whoever may not know that a thing exists could learn it from how long a refusal takes. So where
nothing is found a stand-in is: of the same shape, about a package that cannot exist, of a principal that
nobody is. The same code reads it and decides that it is not seen. It is never shown, and never stored.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from placet.core.entities.certificates import CertificateRecord
from placet.core.entities.chronicle import ChronicleEvent
from placet.core.entities.credentials import Credential
from placet.core.entities.receipts import ReceiptRecord
from placet.core.entities.runs import Run, RunState, plan_object
from placet.core.entities.stored import unstored
from placet.domain.authorization.facts import ReceiptState
from placet.domain.authorization.operation import Artifact, Operation, Subject
from placet.domain.authorization.plan import Plan
from placet.domain.log.change import Entity
from placet.domain.log.lifecycle import LifecycleType, Source
from placet.domain.values.digest import sha256
from placet.domain.values.kinds import Mode, OperationKind

NO_PACKAGE = "."
"""A name that no package can have: nothing is found under it, in as many reads as under one that is seen."""
NO_RUN = "run_" + "0" * 26
NO_KEY = "key_" + "0" * 12
_NOBODY = "service:nobody"
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING = sha256(b"")
_HEX = _NOTHING.removeprefix("sha256:")
_CERTIFICATE_ID = "CERT-PKG-19700101-000"
_VERSION = "0.0.0"
_TYPICAL_BYTES = 700
"""About as many as the DER of a certificate has."""


@cache
def a_certificate() -> Entity:
    """Return what stands for a certificate that is not there."""
    record = CertificateRecord(
        certificate_id=_CERTIFICATE_ID,
        chitty_uri="chitty://cert/pkg/nothing/1970/000",
        package=NO_PACKAGE,
        version=_VERSION,
        tar_sha256=_HEX,
        fingerprint=_NOTHING,
        der=bytes(_TYPICAL_BYTES),
        issued_at=_NEVER,
        expires_at=_NEVER,
        event_id="",
        run_id=NO_RUN,
        receipt_id="",
        revocation=None,
    )
    return unstored(record.to_object())


@cache
def an_event() -> Entity:
    """Return what stands for an event that is not there."""
    event = ChronicleEvent(
        event_id="evt_19700101000000_000000",
        event_type=LifecycleType.PUBLISHED.value,
        package=NO_PACKAGE,
        version=_VERSION,
        certificate_id=_CERTIFICATE_ID,
        actor=_NOBODY,
        source=Source.OBSERVED,
        recorded_at=_NEVER,
        run_id=NO_RUN,
    )
    return unstored(event.to_object())


@cache
def a_run() -> Entity:
    """Return what stands for a run that is not there."""
    run = Run(
        run_id=NO_RUN,
        mode=Mode.PROD,
        requester=_NOBODY,
        state=RunState.PLANNED,
        subject=f"{NO_PACKAGE}@{_VERSION}",
        archive_sha256=_HEX,
        certificate_id=_CERTIFICATE_ID,
        plans=1,
        requested_at=_NEVER,
    )
    return unstored(run.to_object())


@cache
def a_plan() -> Entity:
    """Return what stands for the plan of a run that is not there."""
    operation = Operation(
        operation_id=f"{NO_RUN}/1/1",
        operation_kind=OperationKind.PUBLISH_PACKAGE,
        certificate_id=_CERTIFICATE_ID,
        subject=Subject(provider="npm", name=NO_PACKAGE, version=_VERSION, tag=""),
        params={"access": "public", "dist_tag": "latest"},
        artifacts=(Artifact(name="nothing.tgz", sha256=_HEX, sha512=2 * _HEX, size=1),),
        preconditions=(),
    )
    plan = Plan(
        issuer="nothing/placet",
        run_id=NO_RUN,
        created_at=_NEVER,
        nonce="0" * 32,
        mode=Mode.PROD,
        requester=_NOBODY,
        policy_digest=_NOTHING,
        operations=(operation,),
    )
    return unstored(plan_object(plan))


@cache
def a_receipt() -> Entity:
    """Return what stands for a receipt that is not there."""
    record = ReceiptRecord(
        receipt_id="fc-receipt-19700101-000000-000000000000",
        operation_id=f"{NO_RUN}/1/1",
        attempt=1,
        payload="{}",
        payload_digest=_NOTHING,
        state=ReceiptState.ISSUED,
        deadline=None,
        lookups=0,
        response={},
        error_code="",
    )
    return unstored(record.to_object())


@cache
def a_credential() -> Entity:
    """Return what stands for a key or a session that is not there."""
    credential = Credential(
        credential_id=NO_KEY,
        name="nothing",
        principal_id=_NOBODY,
        scopes=(),
        digest=_NOTHING,
        created_at=_NEVER,
        expires_at=_NEVER,
    )
    return unstored(credential.to_object())
