"""Make a key for a certificate, and the request for it, wherever whoever wants one is (contract 3)."""

from __future__ import annotations

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.certificate.request import make_request
from placet.ports.effects import Secret
from placet.ports.keys import KeyMaker


def make_key(maker: KeyMaker, algorithm: str) -> tuple[Secret, bytes]:
    """Return a new private key (PKCS #8, PEM), which is nowhere else, and a request for it (PEM)."""
    key = maker.private_key(KeyAlgorithm(algorithm))
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return Secret(pem.decode("ascii")), make_request(key).public_bytes(Encoding.PEM)
