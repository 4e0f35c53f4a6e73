"""Takes secrets out of a text before anybody is shown it (attacks A49).

Nothing puts a secret into a log on purpose. What nobody foresaw is logged in full, and an exception
can hold anything: so what has the form of a secret, and every secret that this process was given, is
taken out of each line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

from placet.cli.output import escaped
from placet.config import Config

GONE = "[REDACTED]"
_LEAST_LENGTH = 6
_FORMS = (
    r"placet_(?:key|boot|rcpt|grant|sess|[a-z]{2,10})_[A-Za-z0-9_.~+/=-]{8,}",
    r"(?i:bearer|basic)\s+[A-Za-z0-9_.~+/=-]{6,}",
    r"npm_[A-Za-z0-9]{16,}",
    r"gh[opsur]_[A-Za-z0-9]{16,}",
    r"github_pat_[A-Za-z0-9_]{16,}",
    r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.|\n)*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)",
)
_SECRET_NAME = re.compile(r"TOKEN|SECRET|PASS|KEY|CREDENTIAL", re.IGNORECASE)


class Redactor:
    """Knows what has the form of a secret, and the secrets of this process."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Take out these, and whatever looks like a secret. What is shorter than six characters hides in any text."""
        forms = {form for each in secrets if len(each) >= _LEAST_LENGTH for form in _written(each)}
        known = sorted(forms, key=len, reverse=True)
        self._found = re.compile("|".join([*map(re.escape, known), *_FORMS]))

    def clean(self, text: str) -> str:
        """Return `text` with every secret replaced."""
        return self._found.sub(GONE, text)


def _written(secret: str) -> Iterable[str]:
    """Yield `secret` as it stands in plain text, in JSON, and on a terminal."""
    return secret, json.dumps(secret)[1:-1], escaped(secret)


def secrets_of(config: Config, credentials: Iterable[str]) -> Iterable[str]:
    """Yield every secret that a process with these settings was given; `credentials` are those that providers name."""
    for secret in (config.passphrase, config.bootstrap_key):
        if secret is not None:
            yield secret.reveal()
    named = {each.removeprefix("env:") for each in credentials}
    for name, value in config.environment.items():
        if name in named or (_SECRET_NAME.search(name) and not value.startswith("/")):
            yield value
