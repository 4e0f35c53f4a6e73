"""Fresh keys from the system's secure generator."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.encoding.signature import PrivateKey

_RSA_BITS = 2048
_RSA_EXPONENT = 65_537


class SoftwareKeyMaker:
    """Implements `ports.keys.KeyMaker`."""

    def private_key(self, algorithm: KeyAlgorithm) -> PrivateKey:
        """Return a new certificate key."""
        if algorithm is KeyAlgorithm.RSA_2048:
            return rsa.generate_private_key(_RSA_EXPONENT, _RSA_BITS)
        return ec.generate_private_key(ec.SECP256R1())

    def checkpoint_key(self) -> Ed25519PrivateKey:
        """Return a new Ed25519 key."""
        return Ed25519PrivateKey.generate()
