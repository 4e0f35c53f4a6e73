"""Issuers whose word on who somebody is counts here (protocol 6)."""

from __future__ import annotations

import asyncio
from typing import Required, TypedDict, Unpack

from placet.adapters.egress.endpoint import parse_endpoint
from placet.bootstrap import Opened
from placet.core.acts.act import PROVIDER
from placet.core.acts.change_trust import REMOVED, TRUSTED
from placet.core.issuers import all_issuers
from placet.core.runs import Intent
from placet.domain.authorization.issuer import CODE, Terms, check_url, read_terms
from placet.domain.authorization.operation import Subject
from placet.domain.encoding.canonical import Object, Value
from placet.domain.values.kinds import OperationKind
from placet.domain.values.time import format_instant
from placet.facade.asking import ask_as
from placet.facade.named_secret import check_named_secret
from placet.facade.visible import check_is_member

DEFAULT_ALGORITHMS = ("RS256",)


class IssuerRecord(TypedDict, total=False):
    """What is said of an issuer besides its URL; all but who we are to it may be left out."""

    client_id: Required[str]
    client_secret: str
    algorithms: tuple[str, ...]
    private: bool


class Trust:
    """Governed acts on whom people may sign in with, and who that is."""

    def __init__(self, opened: Opened) -> None:
        """Work on an open installation."""
        self._opened = opened

    async def add_issuer(self, url: str, *, requester: str = "", **record: Unpack[IssuerRecord]) -> Object:
        """Ask that an issuer is trusted, or on other terms.

        `url` is exactly as its tokens spell it; `client_secret` is empty, `env:NAME` or `file:PATH`,
        never the secret itself. Raise `InvalidInputError` (`ISSUER_INVALID`), `EffectError`
        (`EGRESS_DENIED`) for a place that may not be asked, and as `ask_as`.
        """
        await check_is_member(self._opened)
        terms = Terms(
            client_id=record["client_id"],
            client_secret=record.get("client_secret", ""),
            algorithms=record.get("algorithms") or DEFAULT_ALGORITHMS,
            private=record.get("private", False),
        )
        parse_endpoint(check_url(url), private=terms.private)
        read_terms(terms.to_object())
        await asyncio.to_thread(check_named_secret, terms.client_secret, self._opened.config.home, code=CODE)
        return await self._ask(url, {"state": TRUSTED, **terms.to_object()}, requester)

    async def remove_issuer(self, url: str, *, requester: str = "") -> Object:
        """Ask that an issuer is trusted no more: its sessions end, and what was approved in them stops counting."""
        await check_is_member(self._opened)
        return await self._ask(check_url(url), {"state": REMOVED}, requester)

    async def issuers(self) -> Object:
        """Return every issuer that is trusted or was; secrets are names."""
        await check_is_member(self._opened)
        return {
            "issuers": [
                {
                    "issuer": each.url,
                    **each.terms.to_object(),
                    "state": TRUSTED if each.trusted else REMOVED,
                    "since": format_instant(each.trusts[-1].until or each.trusts[-1].since),
                }
                for each in await all_issuers(self._opened.context)
            ]
        }

    async def _ask(self, url: str, params: dict[str, Value], requester: str) -> Object:
        subject = Subject(provider=PROVIDER, name=url, version="", tag="")
        return await ask_as(
            self._opened, Intent(kind=OperationKind.CHANGE_TRUST, subject=subject, params=params), requester
        )
