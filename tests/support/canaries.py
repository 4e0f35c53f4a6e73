"""What no server and no command may tell: every credential that tests give out, hold or make (attacks A49).

Everything that a service or a command of this suite writes is searched when it ends, and what it answered when it
does: for what it was given in its environment and in files that this names, for what its home's keys hold, and for
whatever has the form of a credential, as that is made afresh. The few that are shown, once, are listed.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import load_der_private_key
from msgspec import Struct, field

_SECRET_NAME = re.compile(r"PLACET_(PASSPHRASE|BOOTSTRAP_KEY|API_KEY)|[A-Z0-9_]*(TOKEN|SECRET|SECRET_KEY|PASSWORD)|SSO")
_SECRET_FILES = ("PLACET_PASSPHRASE_FILE", "PLACET_API_KEY_FILE")
_MARK = re.compile(r"canary|c4n4ry")
_LEDGER = "ledger.sqlite"
_LEAST_LENGTH = 8
"""A shorter secret stands in any text by chance."""

KEY, BOOTSTRAP, SESSION, PRIVATE_KEY = "an API key", "a bootstrap key", "a session", "a private key"
_FORMS = {
    KEY: re.compile(rb"placet_key_[0-9A-Za-z]{50}"),
    BOOTSTRAP: re.compile(rb"placet_boot_[0-9a-f]{48}"),
    SESSION: re.compile(rb"placet_session_[0-9A-Za-z]{50}"),
    PRIVATE_KEY: re.compile(rb"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a token of an issuer": re.compile(rb"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}"),
    "a receipt with its MAC": re.compile(rb"placet_rcpt_[A-Za-z0-9_.-]{16,}"),
}


class LeakError(AssertionError):
    """Something told a credential. The message says where, and never what it was."""


class Exemption(Struct, frozen=True, kw_only=True):
    """A credential that is shown where it is made, this once, and why that is right."""

    where: re.Pattern[str]
    form: str
    reason: str


ON_STANDARD_OUTPUT = (
    Exemption(where=re.compile(r"(.* )?init( .*)?"), form=BOOTSTRAP, reason="the key that founds a team is shown once"),
    Exemption(where=re.compile(r"(.* )?key (create|rotate) .*"), form=KEY, reason="a new key is shown once"),
    Exemption(
        where=re.compile(r"(?!.*--(csr|key-out) )(.* )?certificate (issue|renew) .*"),
        form=PRIVATE_KEY,
        reason="a key that is made here goes to who asked for it, this once, where no file is named for it",
    ),
)
IN_ANSWERS = (
    Exemption(where=re.compile(r"POST /api/v1/keys(/[^/]+/rotate)?"), form=KEY, reason="a new key is shown once"),
    Exemption(
        where=re.compile(r"POST /v1/certificates/(issue|[^/]+/renew)"),
        form=PRIVATE_KEY,
        reason="without a request the service makes the key, and returns it this once (contract 3)",
    ),
    Exemption(where=re.compile(r"GET /auth/callback(\?.*)?"), form=SESSION, reason="the cookie of who signed in"),
)


class Canaries(Struct, frozen=True):
    """The secrets of one installation, as they would be spelled."""

    spelled: re.Pattern[bytes] | None

    def __repr__(self) -> str:
        """Return the name alone: a failed test prints its values."""
        return "<Canaries>"

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Canaries:
        """Return what a process with this environment knows and may not tell."""
        return cls.among({*_given(environment), *_held(_home_of(environment))})

    @classmethod
    def among(cls, secrets: Iterable[bytes]) -> Canaries:
        """Return what looks for these secrets, however they are spelled."""
        forms = {form for secret in secrets if len(secret) >= _LEAST_LENGTH for form in _spellings(secret)}
        ordered = sorted(forms, key=len, reverse=True)
        return cls(re.compile(b"|".join(map(re.escape, ordered))) if ordered else None)

    def check(self, where: str, content: bytes, exempt: Sequence[Exemption] = ()) -> None:
        """Return where `content` tells nothing; raise `LeakError` otherwise. `exempt` are looked up by `where`."""
        if self.spelled is not None and self.spelled.search(content) is not None:
            raise LeakError(f"{where}: a secret was told that was given to it, or that it holds")
        shown = {each.form for each in exempt if each.where.fullmatch(where)}
        for form, pattern in _FORMS.items():
            if form not in shown and pattern.search(content) is not None:
                raise LeakError(f"{where}: {form} was told")


class Homes(Struct):
    """The installations that tests have used since they were looked at last, with the secrets that came near them."""

    secrets: dict[Path, set[bytes]] = field(default_factory=dict)
    looked_at: dict[Path, object] = field(default_factory=dict)

    def note(self, environment: Mapping[str, str]) -> None:
        """Remember the home of an environment."""
        self.secrets.setdefault(_home_of(environment), set()).update(_given(environment))

    def check(self) -> None:
        """Return where no ledger that changed holds a secret; raise `LeakError` otherwise, once for each."""
        noted, self.secrets = self.secrets, {}
        for home, secrets in noted.items():
            now = _standing(home)
            if now and self.looked_at.get(home) != now:
                self.looked_at[home] = now
                Canaries.among({*secrets, *_held(home)}).check(f"the ledger of {home}", b"\n".join(_kept(home)))


HOMES = Homes()


def _home_of(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("PLACET_HOME", "/nonexistent"))


def _standing(home: Path) -> object:
    """Return what changes whenever a ledger does, nothing where there is none."""
    with contextlib.suppress(OSError):
        files = [file for file in (home / _LEDGER, home / f"{_LEDGER}-wal") if file.is_file()]
        return [(file.stat().st_mtime_ns, file.stat().st_size) for file in files]
    return []


def _given(environment: Mapping[str, str]) -> Iterator[bytes]:
    for name, value in environment.items():
        if _SECRET_NAME.fullmatch(name) or (_MARK.search(value) and not value.startswith("/")):
            yield value.encode()
    for name in _SECRET_FILES:
        with contextlib.suppress(OSError):
            yield Path(environment.get(name, "")).read_bytes().strip()


def _held(home: Path) -> Iterator[bytes]:
    """Yield the private keys and secrets of a home as far as they lie open, as those of a trial do."""
    with contextlib.suppress(OSError):
        for file in home.glob("keys/*.key.json"):
            with contextlib.suppress(OSError, ValueError):
                yield from _parts(base64.b64decode(json.loads(file.read_bytes())["content"]))


def _parts(key: bytes) -> Iterator[bytes]:
    yield key
    with contextlib.suppress(ValueError):  # the secret of receipts is no DER, nor is what is sealed
        match load_der_private_key(key, None):
            case ec.EllipticCurvePrivateKey() as found:
                yield found.private_numbers().private_value.to_bytes((found.key_size + 7) // 8, "big")
            case ed25519.Ed25519PrivateKey() as found:
                yield found.private_bytes_raw()


def _spellings(secret: bytes) -> Iterable[bytes]:
    """Yield a secret as it stands in plain text, in JSON, in a URL, in base64 of either alphabet, and in hex."""
    text = secret.decode("latin-1")
    encoded = base64.b64encode(secret).rstrip(b"=")
    yield from (secret, json.dumps(text)[1:-1].encode(), quote(secret, safe="").encode())
    yield from (encoded, encoded.translate(bytes.maketrans(b"+/", b"-_")), secret.hex().encode())


def _kept(home: Path) -> Iterator[bytes]:
    """Yield every text and every bytes of a home's tables; nothing where they cannot be read.

    A copy is read: a reader leaves files beside what it reads, and a test may compare a home with what it was.
    """
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(sqlite3.Error, OSError):
        for file in home.glob(f"{_LEDGER}*"):
            if not file.name.endswith("-shm"):
                shutil.copyfile(file, Path(folder) / file.name)
        with contextlib.closing(sqlite3.connect(Path(folder) / _LEDGER)) as tables:
            names = [name for (name,) in tables.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
            for name in names:
                for row in tables.execute(f'SELECT * FROM "{name}"'):  # noqa: S608 - the names are the schema's own
                    yield from (each if isinstance(each, bytes) else str(each).encode() for each in row)
