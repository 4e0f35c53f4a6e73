"""What OpenSSL says of our certificates: the oracle for chains, fingerprints and requests (contract 3)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.certificate.profile import fingerprint
from placet.domain.certificate.request import key_of_request, make_request
from placet.domain.encoding.pem import read_request, write_pem
from support.authority import NOW, authority, private_key

pytestmark = pytest.mark.needs("openssl")
ALGORITHMS = list(KeyAlgorithm)


def openssl(*arguments: str | Path) -> str:
    done = subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def pem_file(folder: Path, name: str, *certificates: x509.Certificate) -> Path:
    path = folder / name
    path.write_bytes(write_pem(*certificates))
    return path


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_openssl_verifies_the_chain_strictly(algorithm: KeyAlgorithm, tmp_path: Path) -> None:
    made = authority(algorithm)
    root = pem_file(tmp_path, "root.pem", made.root.certificate)
    intermediate = pem_file(tmp_path, "intermediate.pem", made.intermediate.certificate)
    leaf = pem_file(tmp_path, "leaf.pem", made.leaf())
    at = str(int(NOW.timestamp()) + 1)
    said = openssl("verify", "-x509_strict", "-attime", at, "-CAfile", root, "-untrusted", intermediate, leaf)

    assert said == f"{leaf}: OK\n"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_openssl_shows_the_same_fingerprint(algorithm: KeyAlgorithm, tmp_path: Path) -> None:
    leaf = authority(algorithm).leaf()
    said = openssl("x509", "-in", pem_file(tmp_path, "leaf.pem", leaf), "-noout", "-fingerprint", "-sha256")

    assert "sha256:" + said.strip().partition("=")[2].replace(":", "").lower() == fingerprint(leaf)


def test_openssl_shows_profile_and_binding(tmp_path: Path) -> None:
    said = openssl("x509", "-in", pem_file(tmp_path, "leaf.pem", authority().leaf()), "-noout", "-text")

    assert "Version: 3 (0x2)" in said
    assert "Subject: CN = CERT-PKG-20260102-001" in said
    assert "URI:pkg:npm/%40acme/tool@1.0.0, URI:chitty://cert/pkg/tool/2026/001" in said
    assert "Code Signing" in said
    assert '"key_origin":"csr"' in said


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_openssl_accepts_our_requests(algorithm: KeyAlgorithm, tmp_path: Path) -> None:
    path = tmp_path / "request.pem"
    path.write_bytes(make_request(private_key("leaf", algorithm)).public_bytes(Encoding.PEM))

    assert "verify OK" in openssl("req", "-in", path, "-noout", "-verify")


@pytest.mark.parametrize("options", [["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"], ["rsa:2048"]])
def test_requests_that_openssl_makes_are_read(options: list[str], tmp_path: Path) -> None:
    request = tmp_path / "request.pem"
    openssl(
        "req", "-new", "-newkey", *options, "-nodes", "-keyout", tmp_path / "key.pem", "-subj", "/", "-out", request
    )

    assert key_of_request(read_request(request.read_bytes())).key_size in {256, 2048}
