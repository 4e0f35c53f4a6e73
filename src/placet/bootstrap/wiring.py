"""Connects the Core of an installation to the world: which adapter stands behind which port."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from placet.adapters.credentials.named import NamedCredentials
from placet.adapters.egress.exchange import Egress
from placet.adapters.files.blobs import FolderBlobs
from placet.adapters.files.keyring import FileKeyring
from placet.adapters.files.objects import FolderExecutor
from placet.adapters.github.facts import GithubFacts
from placet.adapters.github.pull import PullExecutor
from placet.adapters.github.release import ReleaseExecutor
from placet.adapters.github.tag import TagExecutor
from placet.adapters.live.observer import LiveObserver, OfflineObserver
from placet.adapters.live.port import Executors, LiveSideEffects
from placet.adapters.npm.executor import NpmExecutor
from placet.adapters.npm.facts import NpmFacts
from placet.adapters.objectstore.executor import ObjectStoreExecutor
from placet.adapters.softkeys.authority import SoftwareAuthority
from placet.adapters.softkeys.maker import SoftwareKeyMaker
from placet.adapters.sqlite.store import SqliteStore
from placet.adapters.system import SystemClock, SystemRandomness
from placet.config import Config
from placet.core.context import Context, PublicBases, Settings
from placet.core.entities.governance import provider_key, stored_provider
from placet.core.entities.storage import passed_check
from placet.core.entities.stored import entity_of
from placet.core.settle import holds_fence
from placet.domain.authorization.authorized import AuthorizedOperation
from placet.domain.log.checkpoint import CheckpointSigner
from placet.domain.values.kinds import Mode, OperationKind
from placet.ports.effects import FindProvider, Provider
from placet.ports.object_store import IsTrusted
from placet.ports.store import Store

RECEIPT_KEY_ID = "receipt-1"
_TELL_ACCOUNTS = frozenset({"github"})
"""Provider kinds whose fact reader tells who pushed and merged a commit."""


class Parts(Struct, frozen=True, kw_only=True):
    """What an installation's context is built around: its log, its keys, its name."""

    store: SqliteStore
    keyring: FileKeyring
    signer: CheckpointSigner
    origin: str


def keyring_of(config: Config, home: Path, *, plain: bool) -> FileKeyring:
    """Return the keyring in `home`; only one that may be `plain` opens without a passphrase."""
    return FileKeyring(home / "keys", passphrase=config.passphrase, plain=plain and config.passphrase is None)


def context_of(config: Config, parts: Parts, *, offline: bool, at: Callable[[str], None] | None) -> Context:
    """Return the context of an installation: the Core with every port of it filled."""
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
                **_github_executors(egress, credentials),
            },
            _find_provider(store),
            lambda authorized: _holds_fence(store, authorized),
            clock,
        ),
        observer=OfflineObserver(clock)
        if offline
        else LiveObserver(
            {
                "npm": NpmFacts(egress, credentials),
                "folder": folder,
                "s3": objects,
                "github": GithubFacts(egress, credentials),
            },
            _find_provider(store),
            clock,
        ),
        blobs=FolderBlobs(config.home / "blobs"),
        authority=SoftwareAuthority(parts.keyring, public_base_url=config.id_base_url),
        key_maker=SoftwareKeyMaker(),
        checkpoint_signer=parts.signer,
        settings=_settings(config),
    )
    return context if at is None else context.told(at)


def _github_executors(egress: Egress, credentials: NamedCredentials) -> Executors:
    return {
        ("github", OperationKind.TAG_REPO): TagExecutor(egress, credentials),
        ("github", OperationKind.PUBLISH_RELEASE): ReleaseExecutor(egress, credentials),
        ("github", OperationKind.OPEN_PR): PullExecutor(egress, credentials),
    }


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
        account_kinds=_TELL_ACCOUNTS,
        bases=PublicBases(id=config.id_base_url, api=config.api_base_url, registry=config.registry_base_url),
        session=config.session,
    )
