"""Founds an installation: keys, ledger, first state; whole, or not at all."""

from __future__ import annotations

import asyncio
import errno
import re
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from placet.adapters.files.anchor import FileAnchor
from placet.adapters.softkeys.maker import SoftwareKeyMaker
from placet.adapters.sqlite.store import SqliteStore
from placet.adapters.system import SystemClock, SystemRandomness
from placet.bootstrap.wiring import RECEIPT_KEY_ID, Parts, context_of, keyring_of
from placet.config import Config
from placet.core.decide import Decision, decide
from placet.core.installation import Beginning, Profile, first_decisions
from placet.domain.certificate.authority import SERIAL_BYTES, Issuer, make_intermediate, make_root, serial_number
from placet.domain.certificate.keys import KeyAlgorithm
from placet.domain.log.change import Snapshot
from placet.domain.log.checkpoint import CheckpointKey, CheckpointSigner, signer_from
from placet.domain.verification.trust_root import Log, TrustRoot
from placet.errors import ConfigurationError, InvalidInputError, PlacetError, UnavailableError
from placet.ports.effects import Secret
from placet.ports.keys import AuthorityRole, Keyring

LEDGER_FILE = "ledger.sqlite"
TRUST_ROOT_FILE = "trust-root.json"
_RECEIPT_SECRET_BYTES = 32
_EPOCH_BYTES = 16
_BOOTSTRAP_BYTES = 24
_INSTALLATION_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}")


class Founded(Struct, frozen=True, kw_only=True):
    """What `init` made. `bootstrap_key` is shown once, by whoever asked, and kept nowhere."""

    home: Path
    origin: str
    profile: Profile
    bootstrap_key: Secret | None
    keys_sealed: bool


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
        keyring = keyring_of(config, building, plain=profile is Profile.TRIAL or not sealed)
        _make_keys(keyring, name, algorithm)
        signer = signer_from(keyring.checkpoint_key())
        anchor = FileAnchor(config.anchors)
        store = SqliteStore.create(building / LEDGER_FILE, origin=origin, signer=signer, anchor=anchor, clock=clock)
        bootstrap_key = "placet_boot_" + randomness.token(_BOOTSTRAP_BYTES).hex() if profile is Profile.TEAM else ""
        beginning = Beginning(profile=profile, receipt_key_id=RECEIPT_KEY_ID, bootstrap_key=bootstrap_key)
        parts = Parts(store=store, keyring=keyring, signer=signer, origin=origin)
        context = context_of(config, parts, offline=False, at=None)
        for first in first_decisions(beginning, clock.now()):
            await decide(context, lambda _: (), _as_made(first))
        trust_root = trust_root_of(origin, signer, keyring)
        await store.close()
        await asyncio.to_thread(_move_in, building, config.home, trust_root)
    except BaseException:  # raised on, an interruption too: no half-made home, and no keys, are left
        shutil.rmtree(building, ignore_errors=True)
        raise
    return Founded(
        home=config.home,
        origin=origin,
        profile=profile,
        bootstrap_key=Secret(bootstrap_key) if bootstrap_key else None,
        keys_sealed=config.passphrase is not None,
    )


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
