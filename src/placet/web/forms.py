"""How names, versions, ids and times are written, as the description tells it.

Nothing is refused by these: what stands behind a route knows more than a form can say, and refuses with its own codes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from msgspec import Meta

from placet.domain.authorization.api_key import VERBS
from placet.domain.authorization.approval import SAID_IN_SESSIONS
from placet.domain.authorization.operation import RUN_ID
from placet.domain.authorization.principal import PRINCIPAL_ID
from placet.domain.authorization.receipt import RECEIPT_ID
from placet.domain.authorization.shown_token import SHORT_ID
from placet.domain.certificate.identifiers import CERTIFICATE_ID, CHITTY_URI
from placet.domain.certificate.revocation import RevocationReason
from placet.domain.log.lifecycle import EVENT_ID, EVENT_TYPE
from placet.domain.package.status import VersionStatus
from placet.domain.values.chitty_id import CHITTY_ID
from placet.domain.values.digest import DIGEST
from placet.domain.values.kinds import Visibility
from placet.domain.values.npm import LONGEST_NAME, LONGEST_VERSION, PACKAGE_NAME, VERSION
from placet.domain.values.time import INSTANT


def _form(pattern: str, example: str, **more: Any) -> Meta:  # noqa: ANN401 - JSON Schema's words
    return Meta(extra_json_schema={"pattern": f"^(?:{pattern})$", "examples": [example], **more})


def _one_of(words: Iterable[str]) -> Meta:
    return Meta(extra_json_schema={"enum": [*words]})


_REGISTRATION_ID = r"reg_[0-9]{13}_[a-z0-9]{6}"
_FREEZE_ID = r"frz_[0-9]{14}_[a-z0-9]{6}"
_REQUEST = (
    "-----BEGIN CERTIFICATE REQUEST-----\n"
    "MIHJMHECAQAwDzENMAsGA1UEAwwEdG9vbDBZMBMGByqGSM49AgEGCCqGSM49AwEH\n"
    "A0IABEt0Z/3ny2xSi6IUd5XoMQxyljO6v24RQ/bPMygJNGFMPPT1oqHKQx/jlOWE\n"
    "b9aIch7Rm+Yd1WcZmbKh58E+xK6gADAKBggqhkjOPQQDAgNIADBFAiAUYrKf7J/g\n"
    "zXXKCXcbtHXoQEePFyYVbglpTa/+JTZTkgIhAMZ/oi+8fM8qAoqX4rfHOnN+hHSv\n"
    "+vPTrqqjivRJjtFX\n"
    "-----END CERTIFICATE REQUEST-----\n"
)
EXAMPLE_DIGEST = (
    "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"  # of "hello" and a line's end
)
_NUMBER = r"[1-9][0-9]{0,3}"

PackageName = Annotated[str, _form(PACKAGE_NAME, "@acme/tool", maxLength=LONGEST_NAME)]
VersionText = Annotated[str, _form(VERSION, "1.0.0", maxLength=LONGEST_VERSION)]
AnyPackage = Annotated[str, _form(f"(?:{PACKAGE_NAME})?", "@acme/tool", maxLength=LONGEST_NAME)]
"""A package, or none."""
AnyVersion = Annotated[str, _form(f"(?:{VERSION})?", "1.0.0", maxLength=LONGEST_VERSION)]
"""A version, or none."""
CertificateId = Annotated[str, _form(CERTIFICATE_ID, "CERT-PKG-20251113-001")]
CertificateUri = Annotated[str, _form(CHITTY_URI, "chitty://cert/pkg/tool/2025/001")]
EventId = Annotated[str, _form(EVENT_ID, "evt_20251113120000_abc123")]
EventType = Annotated[str, _form(EVENT_TYPE, "package.build.complete")]
RegistrationId = Annotated[str, _form(_REGISTRATION_ID, "reg_1699876543210_abc123")]
RunId = Annotated[str, _form(RUN_ID, "run_01K9XJ3ZQ4T6V8Y0A2C4E6G8HJ")]
ReceiptId = Annotated[str, _form(RECEIPT_ID, "fc-receipt-20250210-143000-abc123def456")]
FreezeId = Annotated[str, _form(_FREEZE_ID, "frz_20251113120000_abc123")]
KeyId = Annotated[str, _form(f"key_{SHORT_ID}", "key_4fQz7WmK2xBd")]
SessionId = Annotated[str, _form(f"session_{SHORT_ID}", "session_4fQz7WmK2xBd")]
ChittyId = Annotated[str, _form(CHITTY_ID, "A2-F-DOC-1693-I-NU-4-Z")]
DigestText = Annotated[str, _form(DIGEST, EXAMPLE_DIGEST)]
ArtifactDigest = Annotated[str, _form(DIGEST, EXAMPLE_DIGEST, description="of the bytes of an artifact")]
Moment = Annotated[str, _form(INSTANT, "2025-11-13T12:00:00.000Z", format="date-time")]
Status = Annotated[str, _one_of(VersionStatus)]
AnyStatus = Annotated[str, _one_of(["", *VersionStatus])]
"""A status, or none."""
Seen = Annotated[str, _one_of(Visibility)]
Decision = Annotated[str, _one_of(SAID_IN_SESSIONS)]
ContentHash = Annotated[str, _form("(?:sha256:)?[0-9a-f]{64}", EXAMPLE_DIGEST)]
PrincipalId = Annotated[str, _form(PRINCIPAL_ID, "person:alice")]
ScopeText = Annotated[str, _form(rf"(?:{'|'.join(VERBS)}|\*)=.+", "runs:write=@acme/*")]
Reason = Annotated[str, _one_of(RevocationReason)]
"""A reason of X.509."""
HexDigest = Annotated[str, _form("(?:[0-9a-f]{64})?", EXAMPLE_DIGEST.removeprefix("sha256:"))]
"""The hex digits of a SHA-256, or none."""
Ordinal = Annotated[str, _form(_NUMBER, "1")]
"""A plan of a run, or a step of a plan, by its number."""
CertificateRequest = Annotated[str, Meta(examples=[_REQUEST])]
"""A request of PKCS#10 as PEM."""

PARAMETERS: Mapping[str, Any] = {
    "package": PackageName,
    "version": VersionText,
    "cert_id": CertificateId,
    "event_id": EventId,
    "run_id": RunId,
    "plan": Ordinal,
    "step": Ordinal,
    "receipt_id": ReceiptId,
    "freeze_id": FreezeId,
    "key_id": KeyId,
    "session_id": SessionId,
    "chitty_id": ChittyId,
    "digest": ArtifactDigest,
    "provider_id": Annotated[str, _form(r"[a-z0-9][a-z0-9.-]{0,63}", "npm")],
    "issuer": Annotated[str, _one_of(["intermediate", "root"])],
    "file_name": Annotated[str, _form(r"[A-Za-z0-9._-]{1,80}\.crl", "intermediate.crl")],
}
"""The parameters of paths, by name."""
