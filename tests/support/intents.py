"""What somebody may want done in a `World`: publish the package, put it into a folder, certify it."""

from __future__ import annotations

import hashlib
from typing import Any

from placet.core.runs import Intent
from placet.domain.authorization.operation import Artifact, Precondition, Subject
from placet.domain.values.kinds import OperationKind

ARCHIVE = b"the very bytes of tool-1.0.0.tgz"


def artifact(content: bytes, name: str = "tool-1.0.0.tgz") -> Artifact:
    return Artifact(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        sha512=hashlib.sha512(content).hexdigest(),
        size=len(content),
    )


def a_publication(**changed: Any) -> Intent:
    """Return the intent to publish `@acme/tool` 1.0.0, with `changed` members."""
    members: dict[str, Any] = {
        "kind": OperationKind.PUBLISH_PACKAGE,
        "subject": Subject(provider="npm", name="@acme/tool", version="1.0.0", tag="latest"),
        "params": {"dist_tag": "latest", "access": "public"},
        "artifacts": (artifact(ARCHIVE),),
        "preconditions": (Precondition(fact="version", expected="absent"),),
    }
    return Intent(**{**members, **changed})


def an_object(key: str = "packages/@acme/tool/1.0.0.tgz", **changed: Any) -> Intent:
    """Return the intent to put the archive into the folder `files`."""
    members: dict[str, Any] = {
        "kind": OperationKind.PUT_OBJECT,
        "subject": Subject(provider="files", name="@acme/tool", version="1.0.0", tag=""),
        "params": {"key": key},
        "artifacts": (artifact(ARCHIVE),),
    }
    return Intent(**{**members, **changed})


def a_certificate(request: bytes) -> Intent:
    """Return the intent to certify `@acme/tool` 1.0.0 for the key that signed `request`."""
    return Intent(
        kind=OperationKind.ISSUE_CERTIFICATE,
        subject=Subject(provider="core", name="@acme/tool", version="1.0.0", tag=""),
        params={"key_origin": "csr", "tar_sha256": "ab" * 32},
        artifacts=(artifact(request, "request.csr.pem"),),
    )
