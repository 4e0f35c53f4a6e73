"""A59: names, versions, times, keys, accounts and Unicode made to keep a parser busy: an answer within 50 ms."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from placet.domain.authorization.exclusion import excluded_accounts
from placet.domain.authorization.operation import Precondition
from placet.domain.authorization.phrase import check_phrase
from placet.domain.authorization.plan import parse_plan
from placet.domain.authorization.render import render_plan
from placet.domain.encoding.canonical import decode
from placet.domain.encoding.pem import read_certificate
from placet.domain.encoding.ssh_public_key import parse_public_key
from placet.domain.encoding.sshsig import unarmor
from placet.domain.encoding.strict_base64 import decode_base64
from placet.domain.log.checkpoint import parse_origin, parse_vkey
from placet.domain.values.confusable import check_not_confusable, letters_read_as
from placet.domain.values.digest import parse_digest, sha256
from placet.domain.values.npm import parse_package_name, parse_version
from placet.domain.values.time import parse_instant
from placet.errors import PlacetError
from support.cpu import least_seconds
from support.governance import VERSION, a_plan, an_operation

LONG = 20_000
EVIL = {
    "one letter": "a" * LONG,
    "dots": "1." * LONG,
    "zeros": "0" * LONG,
    "prerelease": "1.0.0-" + "a." * LONG,
    "prerelease of digits": "1.0.0-" + "0" * LONG + "!",
    "hyphens": "1.0.0-" + "-" * LONG + "\n",
    "scopes": "@" * LONG + "/" * LONG,
    "combining marks": "e" + "\u0301" * LONG,
    "composed and not": "\u1e9b\u0323" * (LONG // 2),
    "ligature that grows": "\ufdfa" * LONG,
    "bidirectional": "\u202e" * LONG,
    "surrogates": "\ud800" * LONG,
    "blanks": " \t,.-" * (LONG // 4) + "!",
    "base64": "A" * LONG + "=" * LONG,
    "armor": "-----BEGIN SSH SIGNATURE-----\n" * 500,
    "brackets": "[" * LONG,
    "commas": "1," * LONG,
}
PARSERS: dict[str, Callable[[str], object]] = {
    "package name": parse_package_name,
    "version": parse_version,
    "letters": letters_read_as,
    "likeness": lambda text: check_not_confusable(text[:214], {"@acme/tool", "left-pad", text[:200]}),
    "time": parse_instant,
    "digest": parse_digest,
    "base64": decode_base64,
    "public key": parse_public_key,
    "signature": unarmor,
    "certificate": lambda text: read_certificate(text.encode("utf-8", "surrogatepass")),
    "canonical JSON": lambda text: decode(text.encode("utf-8", "surrogatepass")),
    "plan": lambda text: parse_plan(text.encode("utf-8", "surrogatepass")),
    "origin": parse_origin,
    "log key": parse_vkey,
    "phrase": lambda text: check_phrase(text, sha256(b"")),
    "accounts": lambda text: excluded_accounts(
        a_plan(an_operation(preconditions=(Precondition(fact="pusher:" + "a" * 40, expected=text),)))
    ),
    "shown text": lambda text: render_plan(a_plan(an_operation(params={"note": text})), VERSION),
}


@pytest.mark.parametrize("evil", EVIL.values(), ids=EVIL)
@pytest.mark.parametrize("parse", PARSERS.values(), ids=PARSERS)
def test_nothing_takes_longer_than_50_ms(parse: Callable[[str], object], evil: str) -> None:
    def parsed() -> None:
        with contextlib.suppress(PlacetError, UnicodeError):
            parse(evil)

    assert least_seconds(parsed, enough=0.05) < 0.05
