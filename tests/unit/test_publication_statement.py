"""The signed statement: one spelling, in-toto's form, opened only by the key that the certificate names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from placet.domain.encoding.dsse import STATEMENT_TYPE, parse_envelope, seal
from placet.domain.encoding.jcs import encode_jcs
from placet.domain.encoding.signature import sign
from placet.domain.verification.statement import (
    IN_TOTO,
    PUBLICATION,
    Publication,
    open_publication,
    parse_publication,
    sign_publication,
)
from placet.errors import InvalidInputError, VerificationError
from support.authority import PACKAGE, TAR_SHA256, VERSION, authority, private_key

ID = "CERT-PKG-20260102-001"
STATEMENT = Publication(
    package=PACKAGE,
    version=VERSION,
    certificate_id=ID,
    sha256="01" * 32,
    sha512="02" * 64,
    tar_sha256=TAR_SHA256,
    archive_profile=1,
    stamp_rule=1,
    files=(("bin/tool.js", 0o755, "03" * 32), ("package.json", 0o644, "04" * 32), ("\u00e9.txt", 0o644, "05" * 32)),
)
KEY = authority().leaf_key
SCHEMA = Path(__file__).parents[2] / "docs/spec/schemas/publication-v1.json"


def members() -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(STATEMENT.encode())
    return parsed


def refusal(payload: bytes) -> str:
    with pytest.raises(InvalidInputError) as refused:
        parse_publication(payload)
    return refused.value.code


def test_a_statement_has_the_form_of_in_toto() -> None:
    assert {key: value for key, value in members().items() if key != "predicate"} == {
        "_type": IN_TOTO,
        "predicateType": PUBLICATION,
        "subject": [
            {"name": "pkg:npm/%40acme/tool@1.0.0", "digest": {"sha256": "01" * 32, "sha512": "02" * 64}},
        ],
    }


def test_a_statement_says_which_files_the_archive_has() -> None:
    assert members()["predicate"]["files"][0] == {"path": "bin/tool.js", "mode": "0755", "sha256": "03" * 32}


def test_a_statement_comes_back_as_it_was() -> None:
    assert parse_publication(STATEMENT.encode()) == STATEMENT


def test_a_signed_statement_opens_with_the_certified_key() -> None:
    envelope = parse_envelope(sign_publication(STATEMENT, KEY).encode())

    assert open_publication(envelope, authority().leaf_key.public_key(), certificate_id=ID) == STATEMENT


def test_a_statement_signed_by_another_key_does_not_open() -> None:
    with pytest.raises(VerificationError) as refused:
        open_publication(sign_publication(STATEMENT, private_key("other")), KEY.public_key(), certificate_id=ID)

    assert refused.value.code == "SIGNATURE_INVALID"


def test_a_statement_that_names_another_certificate_does_not_open() -> None:
    other = replace(STATEMENT, certificate_id="CERT-PKG-20260102-002")
    envelope = seal(STATEMENT_TYPE, other.encode(), keyid=ID, sign=lambda message: sign(KEY, message))

    with pytest.raises(InvalidInputError, match="another certificate"):
        open_publication(envelope, KEY.public_key(), certificate_id=ID)


def changed(change: dict[str, Any], *path: str | int) -> bytes:
    document = members()
    place: Any = document
    for step in path:
        place = place[step]
    place.update(change)
    return encode_jcs(document)


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        STATEMENT.encode() + b"\n",
        STATEMENT.encode().replace(b'{"_type"', b'{"_type":"","_type"'),
        changed({"_type": "https://in-toto.io/Statement/v0.1"}),
        changed({"predicateType": "urn:placet:publication:v2"}),
        changed({"more": ""}),
        changed({"more": ""}, "predicate"),
        changed({"subject": []}),
        changed({"subject": members()["subject"] * 2}),
        changed({"subject": {}}),
        changed({"predicate": []}),
        changed({"name": "pkg:npm/%40acme/other@1.0.0"}, "subject", 0),
        changed({"name": 1}, "subject", 0),
        changed({"more": ""}, "subject", 0),
        changed({"sha256": "01"}, "subject", 0, "digest"),
        changed({"sha512": "0A" * 64}, "subject", 0, "digest"),
        changed({"md5": ""}, "subject", 0, "digest"),
        changed({"package": "@Acme/tool"}, "predicate"),
        changed({"version": "v1.0.0"}, "predicate"),
        changed({"tar_sha256": ""}, "predicate"),
        changed({"archive_profile": True}, "predicate"),
        changed({"stamp_rule": 0}, "predicate"),
        changed({"certificate_id": None}, "predicate"),
        changed({"files": members()["predicate"]["files"][::-1]}, "predicate"),
        changed({"files": members()["predicate"]["files"][:1] * 2}, "predicate"),
        changed({"path": ""}, "predicate", "files", 0),
        changed({"path": "a\0"}, "predicate", "files", 0),
        changed({"mode": "755"}, "predicate", "files", 0),
        changed({"mode": "0o55"}, "predicate", "files", 0),
        changed({"sha256": ""}, "predicate", "files", 0),
        changed({"more": ""}, "predicate", "files", 0),
    ],
)
def test_any_other_statement_is_refused(payload: bytes) -> None:
    assert refusal(payload) == "STATEMENT_MALFORMED"


def test_the_published_schema_names_the_members_of_a_statement() -> None:
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))["properties"]

    assert sorted(schema) == sorted(members())
    assert sorted(schema["predicate"]["properties"]) == sorted(members()["predicate"])
    assert sorted(schema["predicate"]["properties"]["files"]["items"]["properties"]) == ["mode", "path", "sha256"]
