"""Chooses the adapters of an installation: the only place that does."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from placet.adapters.credentials.named import NamedCredentials
from placet.adapters.egress.exchange import Egress
from placet.adapters.files.anchor import FileAnchor
from placet.adapters.files.blobs import FolderBlobs
from placet.adapters.files.evidence import EvidenceFolder
from placet.adapters.files.keyring import FileKeyring
from placet.adapters.files.objects import FolderExecutor
from placet.adapters.files.seen import SeenFolder
from placet.adapters.live.observer import LiveObserver, OfflineObserver
from placet.adapters.live.port import LiveSideEffects
from placet.adapters.live.probe import LiveProbe
from placet.adapters.npm.executor import NpmExecutor
from placet.adapters.npm.facts import NpmFacts
from placet.adapters.npm.pack import NpmPacker
from placet.adapters.npm.user_registry import user_registry
from placet.adapters.objectstore.executor import ObjectStoreExecutor
from placet.adapters.objectstore.probe import ObjectStoreProbe
from placet.adapters.softkeys.authority import SoftwareAuthority
from placet.adapters.softkeys.maker import SoftwareKeyMaker
from placet.adapters.sqlite.store import SqliteStore
from placet.adapters.ssh.signer import OpenSshSigner
from placet.adapters.system import SystemClock, SystemRandomness
from placet.adapters.system.surroundings import HomeSurroundings
from placet.config import Config
from placet.core.context import Context, Settings
from placet.core.decide import Decision, decide
from placet.core.entities.governance import provider_key, stored_provider
from placet.core.entities.storage import passed_check
from placet.core.entities.stored import entity_of
from placet.core.installation import Beginning, Profile, first_decisions
from placet.core.settle import holds_fence
from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.certificate.authority import SERIAL_BYTES, Issuer, make_intermediate, make_root, serial_number
from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.log.change import Snapshot
from placet.domain.log.checkpoint import CheckpointKey, CheckpointSigner, signer_from
from placet.domain.values.kinds import Mode, OperationKind
from placet.domain.verification.trust_root import Log, TrustRoot
from placet.errors import ConfigurationError, InvalidInputError, PlacetError, UnavailableError
from placet.ports.approval_signer import ApprovalSigner
from placet.ports.effects import FindProvider, Provider, Secret
from placet.ports.keys import AuthorityRole, Keyring
from placet.ports.object_store import IsTrusted, StorageProbe
from placet.ports.packer import Packer
from placet.ports.seen import SeenLists
from placet.ports.store import Store
from placet.ports.surroundings import ProviderProbe, Surroundings
from placet.ports.world import Clock

LEDGER_FILE = "ledger.sqlite"
TRUST_ROOT_FILE = "trust-root.json"
RECEIPT_KEY_ID = "receipt-1"
_RECEIPT_SECRET_BYTES = 32
_EPOCH_BYTES = 16
_BOOTSTRAP_BYTES = 24
_INSTALLATION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """An installation that is open: its context, its ledger for auditors, and its folder."""

    context: Context
    ledger: SqliteStore
    config: Config
    evidence: EvidenceFolder

    def storage_probe(self) -> StorageProbe:
        """Return what tries object stores out."""
        return ObjectStoreProbe(Egress(), NamedCredentials(self.config.environment))


@dataclass(frozen=True, slots=True, kw_only=True)
class Founded:
    """What `init` made. `bootstrap_key` is shown once, by whoever asked, and kept nowhere."""

    home: Path
    origin: str
    profile: Profile
    bootstrap_key: Secret | None
    keys_sealed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Parts:
    """What an installation's context is built around: its log, its keys, its name."""

    store: SqliteStore
    keyring: FileKeyring
    signer: CheckpointSigner
    origin: str


async def found(
    config: Config, *, profile: Profile, name: str, algorithm: KeyAlgorithm, sealed: bool = True
) -> Founded:
    """Make a new installation in `config.home`: keys, ledger, first state; whole, or not at all.

    A team's keys are `sealed` with the passphrase, except in the demo. Raise `InvalidInputError`
    (`INSTALLATION_NAME_INVALID`), `ConfigurationError`: `HOME_EXISTS` where the folder holds
    anything, `HOME_UNWRITABLE`, `ANCHOR_INSIDE_HOME`, and `PASSPHRASE_MISSING` for a team without one;
    `UnavailableError` where the disk is full.
    """
    _check_name(name)
    _check_place(config, sealed=sealed and profile is Profile.TEAM)
    clock, randomness = SystemClock(), SystemRandomness()
    origin = f"{name}/{randomness.token(_EPOCH_BYTES).hex()}"
    building = _building_site(config.home)
    try:
        keyring = _keyring(config, building, plain=profile is Profile.TRIAL or not sealed)
        _make_keys(keyring, name, algorithm)
        signer = signer_from(keyring.checkpoint_key())
        anchor = FileAnchor(config.anchors)
        store = SqliteStore.create(building / LEDGER_FILE, origin=origin, signer=signer, anchor=anchor, clock=clock)
        bootstrap_key = "placet_boot_" + randomness.token(_BOOTSTRAP_BYTES).hex() if profile is Profile.TEAM else ""
        beginning = Beginning(profile=profile, receipt_key_id=RECEIPT_KEY_ID, bootstrap_key=bootstrap_key)
        parts = _Parts(store=store, keyring=keyring, signer=signer, origin=origin)
        context = _context(config, parts, offline=False, at=None)
        for first in first_decisions(beginning, clock.now()):
            await decide(context, lambda _: (), _as_made(first))
        trust_root = trust_root_of(origin, signer, keyring)
        await store.close()
        await asyncio.to_thread(_move_in, building, config.home, trust_root)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return Founded(
        home=config.home,
        origin=origin,
        profile=profile,
        bootstrap_key=Secret(bootstrap_key) if bootstrap_key else None,
        keys_sealed=config.passphrase is not None,
    )


@contextlib.asynccontextmanager
async def opened(
    config: Config, *, offline: bool = False, at: Callable[[str], None] | None = None
) -> AsyncIterator[Opened]:
    """Open the installation in `config.home`, and close it on leaving.

    `offline` leaves every provider's facts unobserved; `at` is told each named point of a
    publication (see `Context`). Raise `ConfigurationError` (`HOME_MISSING`, `PASSPHRASE_…`) and
    `UnavailableError`.
    """
    if not (config.home / LEDGER_FILE).is_file():
        raise ConfigurationError(
            "HOME_MISSING", f"there is no installation at {config.home}", hint="placet init, or give --home DIR"
        )
    keyring = _keyring(config, config.home, plain=True)
    signer = signer_from(keyring.checkpoint_key())
    store = SqliteStore(config.home / LEDGER_FILE, signer, FileAnchor(config.anchors), SystemClock())
    try:
        origin = (await store.status()).origin
        parts = _Parts(store=store, keyring=keyring, signer=signer, origin=origin)
        yield Opened(
            context=_context(config, parts, offline=offline, at=at),
            ledger=store,
            config=config,
            evidence=EvidenceFolder(config.home / "evidence"),
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


async def registry_of_user(config: Config) -> str:
    """Return the registry of the user's own npm configuration; raise `ConfigurationError` where there is none."""
    return await user_registry(_npm(config), config.environment.get("HOME", ""))


def _npm(config: Config) -> Path | None:
    """Return the user's npm, or the one that was installed beside this interpreter."""
    beside = str(Path(sys.executable).parent)
    found = shutil.which("npm", path=config.environment.get("PATH")) or shutil.which("npm", path=beside)
    return Path(found) if found else None


def _as_made(made: Decision) -> Callable[[Snapshot, datetime], Decision]:
    """Return the decision that was made already: an empty ledger leaves nothing to decide."""

    def decision(snapshot: Snapshot, now: datetime) -> Decision:  # noqa: ARG001 - rests on nothing
        return made

    return decision


def trust_root_of(origin: str, signer: CheckpointSigner, keyring: Keyring) -> bytes:
    """Return the file that lets anybody verify what this installation publishes (protocol 8)."""
    key = CheckpointKey(origin=origin, public_key=signer.public_key)
    root = keyring.authority_certificate(AuthorityRole.ROOT)
    return TrustRoot(log=Log(origin=origin, checkpoint_keys=(key,)), ca_roots=(root,)).encode()


def _check_name(name: str) -> None:
    if _INSTALLATION_NAME.fullmatch(name) is None:
        raise InvalidInputError(
            "INSTALLATION_NAME_INVALID",
            f"{name[:80]!a} cannot be the name of an installation",
            hint="up to 40 letters, digits, '.' and '-', beginning with a letter or digit",
        )


def _building_site(home: Path) -> Path:
    """Return a new folder beside `home`, which becomes it when everything is made."""
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        return Path(tempfile.mkdtemp(prefix=f".{home.name}-", dir=home.parent))
    except (OSError, ValueError) as error:
        raise _unwritable(home, error) from error


def _move_in(building: Path, home: Path, trust_root: bytes) -> None:
    """Write the last file and give the finished folder its name; raise as `_building_site`."""
    try:
        (building / TRUST_ROOT_FILE).write_bytes(trust_root + b"\n")
        building.rename(home)
    except OSError as error:
        raise _unwritable(home, error) from error


def _unwritable(home: Path, error: OSError | ValueError) -> PlacetError:
    """Return why no home can be made there: for now, on a full disk, or ever."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UnavailableError(
            "HOME_UNWRITABLE",
            f"{str(home)!a} cannot be made ({error.strerror})",
            hint="make room on its disk, or give another folder with --home",
        )
    reason = error.strerror if isinstance(error, OSError) else "no path"
    return ConfigurationError(
        "HOME_UNWRITABLE", f"{str(home)!a} cannot be made ({reason})", hint="give another folder with --home"
    )


def _check_place(config: Config, *, sealed: bool) -> None:
    if config.home.exists() and (not config.home.is_dir() or any(config.home.iterdir())):
        raise ConfigurationError(
            "HOME_EXISTS", f"{config.home} is not empty", hint="give another folder with --home, or remove it yourself"
        )
    if config.anchors.is_relative_to(config.home):
        raise ConfigurationError(
            "ANCHOR_INSIDE_HOME",
            "the anchor must lie outside the home: it is what notices when the home is rolled back",
            hint="set PLACET_ANCHOR to a folder elsewhere",
        )
    if sealed and config.passphrase is None:
        raise ConfigurationError(
            "PASSPHRASE_MISSING",
            "a team's keys are sealed with a passphrase",
            hint="set PLACET_PASSPHRASE_FILE to a file that holds it, or use --profile trial to try things out",
        )


def _keyring(config: Config, home: Path, *, plain: bool) -> FileKeyring:
    return FileKeyring(home / "keys", passphrase=config.passphrase, plain=plain and config.passphrase is None)


def _make_keys(keyring: Keyring, name: str, algorithm: KeyAlgorithm) -> None:
    clock, randomness, maker = SystemClock(), SystemRandomness(), SoftwareKeyMaker()
    now = clock.now()
    root_key = maker.private_key(algorithm)
    root = Issuer(
        certificate=make_root(name, root_key, serial=serial_number(randomness.token(SERIAL_BYTES)), now=now),
        key=root_key,
    )
    key = maker.private_key(algorithm)
    serial = serial_number(randomness.token(SERIAL_BYTES))
    intermediate = make_intermediate(root, name, key.public_key(), serial=serial, now=now)
    keyring.add_authority(AuthorityRole.ROOT, root)
    keyring.add_authority(AuthorityRole.INTERMEDIATE, Issuer(certificate=intermediate, key=key))
    keyring.add_checkpoint_key(maker.checkpoint_key())
    keyring.add_receipt_secret(RECEIPT_KEY_ID, randomness.token(_RECEIPT_SECRET_BYTES))


def _context(config: Config, parts: _Parts, *, offline: bool, at: Callable[[str], None] | None) -> Context:
    store = parts.store
    clock = SystemClock()
    egress, credentials = Egress(), NamedCredentials(config.environment)
    npm, folder = NpmExecutor(egress, credentials), FolderExecutor()
    objects = ObjectStoreExecutor(egress, credentials, _is_trusted(store))
    context = Context(
        store=store,
        clock=clock,
        randomness=SystemRandomness(),
        issuer=parts.origin,
        mode=Mode.PROD,
        receipt_secrets=parts.keyring.receipt_secrets(),
        minting_key=RECEIPT_KEY_ID,
        effects=LiveSideEffects(
            {
                ("npm", OperationKind.PUBLISH_PACKAGE): npm,
                ("folder", OperationKind.PUT_OBJECT): folder,
                ("s3", OperationKind.PUT_OBJECT): objects,
            },
            _find_provider(store),
            lambda authorized: _holds_fence(store, authorized),
            clock,
        ),
        observer=OfflineObserver(clock)
        if offline
        else LiveObserver(
            {"npm": NpmFacts(egress, credentials), "folder": folder, "s3": objects}, _find_provider(store), clock
        ),
        blobs=FolderBlobs(config.home / "blobs"),
        authority=SoftwareAuthority(parts.keyring, public_base_url=config.public_base_url),
        key_maker=SoftwareKeyMaker(),
        checkpoint_signer=parts.signer,
        settings=_settings(config),
    )
    return context if at is None else context.told(at)


async def _holds_fence(store: Store, authorized: AuthorizedOperation) -> bool:
    return await holds_fence(store, authorized)


def _find_provider(store: Store) -> FindProvider:
    async def find(provider_id: str) -> Provider | None:
        key = provider_key(provider_id)
        entity = entity_of(await store.load([key]), key)
        return stored_provider(entity) if entity else None

    return find


def _is_trusted(store: Store) -> IsTrusted:
    async def is_trusted(provider: Provider) -> bool:
        return await passed_check(store, provider)

    return is_trusted


def _settings(config: Config) -> Settings:
    settle = dict(Settings().settle)
    if config.settle is not None:
        settle = dict.fromkeys(settle, config.settle)
    return Settings(
        deadline=config.deadline,
        settle=settle,
        embedded_in_ci=config.in_ci,
        public_base_url=config.public_base_url,
    )
