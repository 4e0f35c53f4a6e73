"""Artifacts are uploaded by digest, in pieces, and named by it afterwards: no path of anybody's is ever read."""

from __future__ import annotations

from placet.domain.authorization.api_key import Verb
from placet.errors import InvalidInputError
from placet.ports.blobs import ARTIFACT_LIMIT_BYTES
from placet.web.documents.artifacts import ArtifactReceived, SizeQuery, UploadQuery
from placet.web.route import Answer, Call, Route

_TAG = "artifacts"
_ARTIFACT = "/api/v1/artifacts/{digest}"
_BYTES = "application/octet-stream"


async def status(call: Call) -> Answer:
    """Tell how far an upload of one's own is: where the next piece begins."""
    return Answer(document=await call.placet.artifacts.status(call.path["digest"], size=call.query.size))


async def upload(call: Call) -> Answer:
    """Take a piece of an artifact; what came before a connection broke is kept for a day, to be gone on with."""
    if call.query.size > ARTIFACT_LIMIT_BYTES:  # before the body is read
        raise InvalidInputError("ARTIFACT_TOO_LARGE", f"an artifact has at most {ARTIFACT_LIMIT_BYTES} bytes")
    received = await call.placet.artifacts.receive(
        call.path["digest"], size=call.query.size, offset=call.query.offset, chunks=call.stream
    )
    return Answer(document=received)


ROUTES = (
    Route(
        method="GET",
        path=_ARTIFACT,
        handler=status,
        summary="Tell how far an upload is",
        tag=_TAG,
        scope=Verb.PUBLISH,
        query=SizeQuery,
        answers={200: ArtifactReceived},
        codes=("DIGEST_INVALID", "SCOPE_INSUFFICIENT", "ARTIFACT_TOO_LARGE"),
    ),
    Route(
        method="PUT",
        path=_ARTIFACT,
        handler=upload,
        summary="Upload an artifact, or a piece of it",
        tag=_TAG,
        scope=Verb.PUBLISH,
        query=UploadQuery,
        body=_BYTES,
        limit_bytes=ARTIFACT_LIMIT_BYTES,
        answers={200: ArtifactReceived},
        codes=(
            "DIGEST_INVALID",
            "DIGEST_MISMATCH",
            "SCOPE_INSUFFICIENT",
            "ARTIFACT_TOO_LARGE",
            "UPLOAD_OFFSET",
            "UPLOADS_FULL",
            "RATE_LIMITED",
        ),
    ),
)
