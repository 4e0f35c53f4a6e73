"""The signed statement about one publication: an in-toto Statement v1 in a DSSE envelope (protocol 8).

Its predicate `urn:placet:publication:v1` has a published schema, `docs/spec/schemas/publication-v1.json`.
A statement has one spelling, that of RFC 8785: sorted keys, nothing between them, UTF-8.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from placet.domain.encoding.canonical import Object, Value
from placet.domain.encoding.dsse import STATEMENT_TYPE, Envelope, seal
from placet.domain.encoding.jcs import decode_jcs, encode_jcs
from placet.domain.encoding.record import Record
from placet.domain.encoding.signature import PrivateKey, PublicKey, sign, verify
from placet.domain.values.npm import PackageName, Version, package_url, parse_package_name, parse_version
from placet.errors import InvalidInputError, PlacetError

PUBLICATION = "urn:placet:publication:v1"
IN_TOTO = "https://in-toto.io/Statement/v1"
_CODE = "STATEMENT_MALFORMED"
_SHA256 = r"[0-9a-f]{64}"
_SHA512 = r"[0-9a-f]{128}"
_MOST_FILES = 100_000

FileDigest: TypeAlias = tuple[str, int, str]
"""A file of the archive: its path below the top folder, its mode bits, its SHA-256 in hex."""


class Publication(Struct, frozen=True, kw_only=True):
    """What a publisher states: these bytes are this package version, made of these files.

    `sha256` and `sha512` (hex) are of the stamped archive, the bytes that users install;
    `tar_sha256` of the tar stream before the metadata block was added. `files` are sorted by path.
    """

    package: PackageName
    version: Version
    certificate_id: str
    sha256: str
    sha512: str
    tar_sha256: str
    archive_profile: int
    stamp_rule: int
    files: tuple[FileDigest, ...]

    def encode(self) -> bytes:
        """Return the statement's one spelling."""
        digest: Object = {"sha256": self.sha256, "sha512": self.sha512}
        return encode_jcs(
            {
                "_type": IN_TOTO,
                "subject": [{"name": package_url(self.package, self.version), "digest": digest}],
                "predicateType": PUBLICATION,
                "predicate": {
                    "package": self.package,
                    "version": self.version,
                    "certificate_id": self.certificate_id,
                    "tar_sha256": self.tar_sha256,
                    "archive_profile": self.archive_profile,
                    "stamp_rule": self.stamp_rule,
                    "files": [
                        {"path": path, "mode": f"{mode:04o}", "sha256": sha256} for path, mode, sha256 in self.files
                    ],
                },
            }
        )


def sign_publication(publication: Publication, key: PrivateKey) -> Envelope:
    """Return the statement in an envelope signed with the certified key; the key id is the certificate's."""
    return seal(
        STATEMENT_TYPE, publication.encode(), keyid=publication.certificate_id, sign=lambda message: sign(key, message)
    )


def open_publication(envelope: Envelope, key: PublicKey, *, certificate_id: str) -> Publication:
    """Return the statement after its signature held.

    Raise `VerificationError` (`SIGNATURE_INVALID`), and `InvalidInputError` (`ENVELOPE_MALFORMED`,
    `STATEMENT_MALFORMED`) for any statement that we would not write.
    """
    payload = envelope.opened(
        STATEMENT_TYPE, keyid=certificate_id, verify=lambda signature, message: verify(key, signature, message)
    )
    publication = parse_publication(payload)
    if publication.certificate_id != certificate_id:
        raise InvalidInputError(_CODE, "the statement names another certificate than its signer's")
    return publication


def parse_publication(payload: bytes) -> Publication:
    """Return the statement that `payload` spells, or raise `InvalidInputError` (`STATEMENT_MALFORMED`).

    Duplicate, unknown and missing members, other types and other spellings are all refused.
    """
    try:
        publication = _read(decode_jcs(payload))
    except PlacetError as error:
        raise InvalidInputError(_CODE, f"the statement is not one of ours: {error.message}") from error
    if [path for path, _, _ in publication.files] != sorted({path for path, _, _ in publication.files}):
        raise InvalidInputError(_CODE, "the statement's files are not sorted by path, each once")
    if publication.encode() != payload:  # also the subject's URL, which is not read but rebuilt
        raise InvalidInputError(_CODE, "the statement is not in its one spelling")
    return publication


def _read(members: Object) -> Publication:
    statement = Record(members, what="statement", code=_CODE)
    statement.constant("_type", IN_TOTO)
    statement.constant("predicateType", PUBLICATION)
    subjects = statement.list_of("subject", _read_subject, most=1)
    predicate = Record(statement.object("predicate"), what="predicate", code=_CODE)
    statement.end()
    if not subjects:
        statement.refuse("has no subject")
    publication = Publication(
        package=parse_package_name(predicate.text("package")),
        version=parse_version(predicate.text("version")),
        certificate_id=predicate.text("certificate_id"),
        sha256=subjects[0][0],
        sha512=subjects[0][1],
        tar_sha256=predicate.text("tar_sha256", _SHA256),
        archive_profile=predicate.integer("archive_profile", least=1),
        stamp_rule=predicate.integer("stamp_rule", least=1),
        files=predicate.list_of("files", _read_file, most=_MOST_FILES),
    )
    predicate.end()
    return publication


def _read_subject(value: Value) -> tuple[str, str]:
    subject = Record(value, what="statement's subject", code=_CODE)
    subject.text("name")
    digests = Record(subject.object("digest"), what="statement's subject", code=_CODE)
    subject.end()
    read = digests.text("sha256", _SHA256), digests.text("sha512", _SHA512)
    digests.end()
    return read


def _read_file(value: Value) -> FileDigest:
    file = Record(value, what="statement's file", code=_CODE)
    read = file.text("path", r"[^\0]{1,4096}"), int(file.text("mode", r"[0-7]{4}"), 8), file.text("sha256", _SHA256)
    file.end()
    return read
