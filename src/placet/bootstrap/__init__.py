"""Chooses the adapters of an installation: the only place that does."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from placet.adapters.credentials.named import NamedCredentials
from placet.adapters.egress.exchange import Egress
from placet.adapters.files.anchor import FileAnchor
from placet.adapters.files.evidence import EvidenceFolder
from placet.adapters.files.plan_folder import PlanFolder
from placet.adapters.files.seen import SeenFolder
from placet.adapters.live.observer import OfflineObserver
from placet.adapters.live.probe import LiveProbe
from placet.adapters.npm.pack import NpmPacker
from placet.adapters.npm.user_registry import user_registry
from placet.adapters.objectstore.probe import ObjectStoreProbe
from placet.adapters.oidc.provider import OidcProvider
from placet.adapters.sqlite.store import SqliteStore
from placet.adapters.ssh.signer import OpenSshSigner
from placet.adapters.system import SystemClock
from placet.adapters.system.surroundings import HomeSurroundings
from placet.bootstrap.founding import LEDGER_FILE, TRUST_ROOT_FILE, Founded, found, trust_root_of
from placet.bootstrap.wiring import RECEIPT_KEY_ID, Parts, context_of, keyring_of
from placet.config import Config
from placet.core.bundles import DenialBundles, EachDenial
from placet.core.caller import Caller
from placet.core.context import Context
from placet.domain.log.checkpoint import signer_from
from placet.errors import ConfigurationError
from placet.ports.approval_signer import ApprovalSigner
from placet.ports.identity_provider import IdentityProvider
from placet.ports.meter import Meter, Unmetered
from placet.ports.object_store import StorageProbe
from placet.ports.packer import Packer
from placet.ports.plan_files import PlanFiles
from placet.ports.seen import SeenLists
from placet.ports.surroundings import ProviderProbe, Surroundings
from placet.ports.world import Clock

__all__ = [
    "LEDGER_FILE",
    "RECEIPT_KEY_ID",
    "TRUST_ROOT_FILE",
    "Founded",
    "Opened",
    "approval_signer",
    "consumer",
    "found",
    "opened",
    "packer",
    "plan_files",
    "provider_probe",
    "registry_of_user",
    "surroundings",
    "trust_root_of",
]


class Opened(Struct, frozen=True, kw_only=True):
    """An installation that is open: its context, its ledger for auditors, and its folder.

    `identities` asks the issuers where people sign in. `caller` is who uses the installation over the
    network, None on the machine itself; `bundles` holds the denials that a service counts, None where
    each is recorded.
    """

    context: Context
    ledger: SqliteStore
    config: Config
    evidence: EvidenceFolder
    identities: IdentityProvider
    caller: Caller | None = None
    bundles: DenialBundles | None = None

    def acting_as(self, caller: Caller) -> Opened:
        """Return the installation as `caller` uses it over the network: all that is asked for is theirs."""
        context = replace(self.context, credential_id=caller.credential_id)
        return replace(self, context=context, caller=caller)

    def offline(self) -> Opened:
        """Return the installation as it asks no provider anything."""
        return replace(self, context=replace(self.context, observer=OfflineObserver(self.context.clock)))

    def storage_probe(self) -> StorageProbe:
        """Return what tries object stores out."""
        return ObjectStoreProbe(Egress(), NamedCredentials(self.config.environment))


@contextlib.asynccontextmanager
async def opened(
    config: Config,
    *,
    offline: bool = False,
    at: Callable[[str], None] | None = None,
    meter: Meter | None = None,
) -> AsyncIterator[Opened]:
    """Open the installation in `config.home`, and close it on leaving.

    `offline` leaves every provider's facts unobserved; `at` is told each named point of a
    publication (see `Context`). With a `meter` it is open for a service, which bundles denials.
    Raise `ConfigurationError` (`HOME_MISSING`, `PASSPHRASE_…`) and `UnavailableError`.
    """
    if not (config.home / LEDGER_FILE).is_file():
        raise ConfigurationError(
            "HOME_MISSING", f"there is no installation at {config.home}", hint="placet init, or give --home DIR"
        )
    keyring = keyring_of(config, config.home, plain=True)
    signer = signer_from(keyring.checkpoint_key())
    counted = meter or Unmetered()
    bundles = DenialBundles() if meter else None
    store = SqliteStore(
        config.home / LEDGER_FILE, signer, FileAnchor(config.anchors), SystemClock(), grouped=counted.grouped
    )
    try:
        origin = (await store.status()).origin
        parts = Parts(store=store, keyring=keyring, signer=signer, origin=origin)
        context = context_of(config, parts, offline=offline, at=at)
        yield Opened(
            context=replace(context, meter=counted, recorder=bundles or EachDenial()),
            ledger=store,
            config=config,
            evidence=EvidenceFolder(config.home / "evidence"),
            bundles=bundles,
            identities=OidcProvider(Egress(), NamedCredentials(config.environment).named, SystemClock()),
        )
    finally:
        await store.close()


def consumer(config: Config) -> tuple[Clock, SeenLists]:
    """Return what a verifier without an installation has: this machine's clock, and what it has seen before."""
    return SystemClock(), SeenFolder(config.seen)


def surroundings(config: Config) -> Surroundings:
    """Return what looks at the files and disks of an installation, without opening it."""
    return HomeSurroundings(config.home, config.home / LEDGER_FILE)


def provider_probe(config: Config) -> ProviderProbe:
    """Return what asks whether a provider could be used."""
    return LiveProbe(Egress(), NamedCredentials(config.environment).of)


def approval_signer(config: Config) -> ApprovalSigner:
    """Return what signs approvals on this machine."""
    return OpenSshSigner(config.environment)


def packer(config: Config) -> Packer:
    """Return what packs projects on this machine; needs no installation."""
    return NpmPacker(_npm(config))


def plan_files(config: Config) -> PlanFiles:
    """Return what reads plan files of this machine; needs no installation."""
    return PlanFolder(packer(config))


async def registry_of_user(config: Config) -> str:
    """Return the registry of the user's own npm configuration; raise `ConfigurationError` where there is none."""
    return await user_registry(_npm(config), config.environment.get("HOME", ""))


def _npm(config: Config) -> Path | None:
    """Return the user's npm, or the one that was installed beside this interpreter."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("npm", path=config.environment.get("PATH")) or shutil.which("npm", path=beside)
    return Path(found) if found else None
