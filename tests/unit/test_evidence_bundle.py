"""The bundle's file: one spelling, exact members; and the archive that it speaks of, read by the consumer."""

from __future__ import annotations

from typing import Any

import pytest

from placet.domain.encoding.archive import read_archive
from placet.domain.encoding.canonical import decode, encode
from placet.domain.package.metadata import (
    BuildClaim,
    CertificateClaim,
    GovernanceClaim,
    PackageMetadata,
    ProvenanceClaim,
)
from placet.domain.package.stamp import stamp, unstamp
from placet.domain.values.digest import sha256
from placet.domain.verification.bundle import LIMIT_BYTES, parse_bundle
from placet.domain.verification.verdict import VerdictError
from placet.domain.verification.verifier import Held, verify_bundle
from placet.errors import InvalidInputError
from support.archives import manifest, member, package_json, tgz
from support.publication import Story, honest, story, trust_root
from support.publication_parts import Release
from support.small_log import START


def changed(**members: Any) -> bytes:
    return encode({**decode(honest(), limit=LIMIT_BYTES), **members}, limit=LIMIT_BYTES)


def part(name: str) -> Any:
    return decode(honest(), limit=LIMIT_BYTES)[name]


def test_a_bundle_comes_back_as_it_was() -> None:
    assert parse_bundle(honest()).encode() == honest()


@pytest.mark.parametrize(
    "encoded",
    [
        b"",
        b"[]",
        honest().replace(b",", b", ", 1),
        changed(v=2),
        changed(typ="bundle"),
        changed(more=""),
        changed(origin="two words"),
        changed(statement="-"),
        changed(statement=7),
        changed(certificates=part("certificates")[:1]),
        changed(certificates=part("certificates") * 2),
        changed(certificates=[7, 7]),
        changed(plans=part("plans") * 2),
        changed(policies=part("policies") * 65),
        changed(entries=part("entries") * 300),
        changed(entries=[{**part("entries")[0], "proof": ["00" * 32] * 65}]),
        changed(entries=[{**part("entries")[0], "proof": ["00"]}]),
        changed(entries=[{**part("entries")[0], "more": ""}]),
        changed(entries=[7]),
        changed(checkpoint="/w=="),
        changed(revocations={}),
    ],
)
def test_any_other_file_is_no_bundle(encoded: bytes) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_bundle(encoded)

    assert refused.value.code == "BUNDLE_MALFORMED"


def test_a_proof_in_the_largest_tree_that_can_be_counted_is_read() -> None:
    parsed = parse_bundle(changed(entries=[{**part("entries")[0], "proof": ["00" * 32] * 64}]))

    assert len(parsed.entries[0].proof) == 64


# The archive itself.


def block() -> PackageMetadata:
    return PackageMetadata(
        service_id="run",
        domain="example.com",
        certificate=CertificateClaim(
            cert_id="CERT-PKG-20260102-001",
            chitty_id="chitty://cert/pkg/tool/2026/001",
            fingerprint=sha256(b""),
            issued_at=START,
            expires_at=START,
            verify_url="http://localhost/",
        ),
        provenance=ProvenanceClaim(
            chronicle_event="", chronicle_url="", tarball_hash=sha256(b""), r2_storage="", registry_url=""
        ),
        governance=GovernanceClaim(approved_by=(), approval_date=None, approval_url="", policy_version=""),
        build=BuildClaim(commit="", workflow_run="", timestamp=None),
    )


PLAIN = tgz(package_json(manifest("@acme/tool", "1.0.0")), member("package/bin/tool.js", b"1\n", mode=0o755))
STAMPED = stamp(PLAIN, block())
TAR_SHA256 = unstamp(STAMPED).tarball_hash.removeprefix("sha256:")


def files_of(archive: bytes) -> tuple[tuple[str, int, str], ...]:
    found = read_archive(archive).files
    return tuple(sorted((file.path, file.mode, file.sha256.removeprefix("sha256:")) for file in found))


def told(archive: bytes = STAMPED, tar_sha256: str = TAR_SHA256, **changes: Any) -> Story:
    """Return the story of publishing an archive, with a statement about all of its files."""
    files = {"files": files_of(archive)} | changes
    return story(Release(tgz=archive, tar_sha256=tar_sha256), **files)


def code_for(publication: Story, held: Held) -> str:
    with pytest.raises(VerdictError) as refused:
        verify_bundle(publication.encoded(), trust_root(), held)
    return refused.value.code


def test_the_published_archive_is_verified() -> None:
    assert verify_bundle(told().encoded(), trust_root(), Held(tgz=STAMPED)).tar_sha256 == TAR_SHA256


@pytest.mark.parametrize("archive", [PLAIN, STAMPED + b"\0", b""])
def test_another_archive_is_refused_before_it_is_read(archive: bytes) -> None:
    assert code_for(told(), Held(tgz=archive)) == "DIGEST_MISMATCH"


def test_an_archive_without_a_metadata_block_is_refused() -> None:
    assert code_for(told(PLAIN), Held(tgz=PLAIN)) == "STAMP_REFUSED"


def test_an_archive_that_was_certified_with_other_content_is_refused() -> None:
    assert code_for(told(tar_sha256="cd" * 32), Held(tgz=STAMPED)) == "CERTIFICATE_SUBJECT_MISMATCH"


@pytest.mark.parametrize("files", [(), files_of(STAMPED)[:1], (("bin/tool.js", 0o644, "00" * 32),)])
def test_a_statement_that_lists_other_files_is_refused(files: tuple[tuple[str, int, str], ...]) -> None:
    assert code_for(told(files=files), Held(tgz=STAMPED)) == "DIGEST_MISMATCH"


def test_a_block_under_another_key_is_looked_for_where_it_is() -> None:
    other = stamp(PLAIN, block(), key="seal")

    assert code_for(told(other), Held(tgz=other)) == "STAMP_REFUSED"
    assert verify_bundle(told(other).encoded(), trust_root(), Held(tgz=other, block_key="seal")).size
