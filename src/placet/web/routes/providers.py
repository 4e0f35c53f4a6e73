"""Providers and issuers: list, ask that one is added, replaced, removed. No folder can be named here."""

from __future__ import annotations

from placet.web.documents.governance import (
    GovernedAct,
    IssuerAdded,
    IssuerNamed,
    Issuers,
    ProviderAdded,
    Providers,
    StoreChecked,
)
from placet.web.documents.strict import Asked
from placet.web.route import Answer, Call, Route
from placet.web.routes.policy import GOVERNED

_TAG = "providers"
_PROVIDERS = "/api/v1/providers"
_ISSUERS = "/api/v1/issuers"
_CHECK_COSTS = 20
"""How many requests of the key one check counts for: it sends about as many itself."""


async def list_(call: Call) -> Answer:
    """List the providers, to persons and to keys that may read everything; credentials are names."""
    return Answer(document=await call.placet.governance.providers())


async def add(call: Call) -> Answer:
    """Ask that a provider is added, or its record replaced."""
    wanted: ProviderAdded = call.body
    done = await call.placet.governance.add_provider(
        wanted.provider_id,
        kind=wanted.kind,
        url=wanted.url,
        credential=wanted.credential,
        private=wanted.private,
        region=wanted.region,
        requester=wanted.requester,
    )
    return Answer(document=done)


async def check_storage(call: Call) -> Answer:
    """Try an object store out before anything is put there, and record whether it keeps what is built on it.

    It is for who may read and publish everything: objects are put and removed.
    """
    call.charge(_CHECK_COSTS)
    done = await call.placet.storage.check(call.path["provider_id"], requester=call.body.requester)
    return Answer(document=done)


async def issuers(call: Call) -> Answer:
    """List the issuers that people may sign in with, to persons and to keys that may read everything."""
    return Answer(document=await call.placet.trust.issuers())


async def trust(call: Call) -> Answer:
    """Ask that an issuer is trusted, or on other terms."""
    wanted: IssuerAdded = call.body
    done = await call.placet.trust.add_issuer(
        wanted.issuer,
        client_id=wanted.client_id,
        client_secret=wanted.client_secret,
        algorithms=wanted.algorithms,
        private=wanted.private,
        requester=wanted.requester,
    )
    return Answer(document=done)


async def distrust(call: Call) -> Answer:
    """Ask that an issuer is trusted no more: sessions of its people end, and what was approved in them."""
    return Answer(document=await call.placet.trust.remove_issuer(call.body.issuer, requester=call.body.requester))


ROUTES = (
    Route(
        method="GET",
        path=_PROVIDERS,
        handler=list_,
        summary="List the providers",
        tag=_TAG,
        answers={200: Providers},
        codes=("SCOPE_INSUFFICIENT",),
    ),
    Route(
        method="POST",
        path=_PROVIDERS,
        handler=add,
        summary="Ask that a provider is added or replaced",
        tag=_TAG,
        body=ProviderAdded,
        answers={200: GovernedAct},
        codes=(*GOVERNED, "PROVIDER_INVALID", "EGRESS_DENIED"),
    ),
    Route(
        method="POST",
        path=f"{_PROVIDERS}/{{provider_id}}/storage-check",
        handler=check_storage,
        summary="Try an object store out",
        tag=_TAG,
        body=Asked,
        answers={200: StoreChecked},
        codes=(
            "SCOPE_INSUFFICIENT",
            "STORE_UNKNOWN",
            "STORE_CHANGED",
            "APPROVER_INELIGIBLE",
            "EGRESS_DENIED",
            "REQUESTER_MISMATCH",
            "CREDENTIAL_INVALID",
            "CREDENTIAL_MISSING",
            "PROVIDER_REFUSED",
            "PROVIDER_UNREACHABLE",
        ),
    ),
    Route(
        method="GET",
        path=_ISSUERS,
        handler=issuers,
        summary="List the issuers",
        tag=_TAG,
        answers={200: Issuers},
        codes=("SCOPE_INSUFFICIENT",),
    ),
    Route(
        method="POST",
        path=_ISSUERS,
        handler=trust,
        summary="Ask that an issuer is trusted",
        tag=_TAG,
        body=IssuerAdded,
        answers={200: GovernedAct},
        codes=(*GOVERNED, "ISSUER_INVALID", "EGRESS_DENIED"),
    ),
    Route(
        method="POST",
        path=f"{_ISSUERS}/remove",
        handler=distrust,
        summary="Ask that an issuer is trusted no more",
        tag=_TAG,
        body=IssuerNamed,
        answers={200: GovernedAct},
        codes=(*GOVERNED, "ISSUER_INVALID"),
    ),
)
