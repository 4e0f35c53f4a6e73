"""Evidence of a real publication, altered: what a thief of the CA's key, or of another certificate, would show."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from msgspec import Struct
from msgspec.structs import replace

from placet.adapters.files.keyring import FileKeyring
from placet.domain.certificate.authority import Issuer
from placet.domain.encoding.pem import certificate_der, read_certificate_der
from placet.domain.verification.bundle import Bundle, parse_bundle
from placet.domain.verification.verdict import VerdictError
from placet.domain.verification.verifier import NOTHING, Held
from placet.facade.verification import verify
from placet.ports.keys import AuthorityRole
from support.archives import manifest, member, package_json, tgz
from support.road import Road

PACKAGE, VERSION = "@acme/tool", "1.0.0"
ARCHIVE = tgz(package_json(manifest(PACKAGE, VERSION)), member("package/x", b"x"))


class Evidence(Struct, frozen=True, dict=True):
    """The road after the publication of `@acme/tool` 1.0.0, and the bundle that proves it."""

    road: Road
    published: dict[str, Any]

    @classmethod
    def made(cls, road: Road) -> Evidence:
        """Publish."""
        return cls(road, road.publish(ARCHIVE))

    @property
    def certificate_id(self) -> str:
        """Return the certificate's id."""
        return str(self.published["certificate_id"])

    @cached_property
    def bundle(self) -> Bundle:
        """Return the honest bundle."""
        return parse_bundle(Path(self.published["bundle"]).read_bytes())

    @property
    def leaf(self) -> x509.Certificate:
        """Return the certificate of the publication."""
        return read_certificate_der(self.bundle.leaf)

    def issuer(self, role: AuthorityRole = AuthorityRole.INTERMEDIATE) -> Issuer:
        """Return a CA key of the installation, stolen from its home."""
        return FileKeyring(self._home / "keys", passphrase=None, plain=True).authority(role)

    def with_leaf(self, leaf: x509.Certificate) -> Bundle:
        """Return the bundle with another certificate in the place of the leaf."""
        return replace(self.bundle, leaf=certificate_der(leaf))

    def now(self) -> bytes:
        """Return the bundle as the installation collects it now."""
        encoded = self.road.do(lambda placet: placet.verification.evidence_for(PACKAGE, VERSION))
        assert isinstance(encoded, bytes)
        return encoded

    def code_of(self, bundle: Bundle | bytes, held: Held = NOTHING) -> str:
        """Return the code with which a consumer's verification refuses the bundle, and that nobody was asked."""
        connections = self.road.registry.connections
        with pytest.raises(VerdictError) as refused:
            self.verdict(bundle, held)
        assert self.road.registry.connections == connections
        return refused.value.code

    def verdict(self, bundle: Bundle | bytes, held: Held = NOTHING) -> Any:
        """Verify with the installation's trust root, as a consumer does."""
        encoded = bundle if isinstance(bundle, bytes) else bundle.encode()
        return verify(encoded, (self._home / "trust-root.json").read_bytes().rstrip(b"\n"), held)

    @property
    def _home(self) -> Path:
        return Path(self.road.environment["PLACET_HOME"])
