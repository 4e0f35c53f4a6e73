"""Opens an installation and serves it: everything of the process is put together here."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import uvicorn
from uvicorn.server import ServerState

from placet.config import Config
from placet.config.service import HostPort, ServiceSettings
from placet.facade import Placet
from placet.web.addresses import Networks
from placet.web.application import Application
from placet.web.body import Room
from placet.web.gate import Gate
from placet.web.headers import security_headers
from placet.web.server.connection import House, Patience
from placet.web.server.crowd import Crowd
from placet.web.server.listening import check_exposure, listen, make_room, tls_context, tls_of
from placet.web.server.process import Door, Process
from placet.web.server.refusal import refusing
from placet.web.table import ROUTES
from placet.web.terms import Terms

_BODIES_BYTES = 64 * 1024 * 1024


async def serve(
    config: Config, address: HostPort, told: Callable[[HostPort, bool], None], *, behind_proxy: bool = False
) -> None:
    """Serve the installation in `config.home` at `address` until a signal ends it.

    `told` learns where it listens, and whether over TLS. Nobody asks in the server's own name: the
    bootstrap key and the default principal of its environment are not used. Raise as `Placet.open`,
    and `ConfigurationError` (`TLS_REQUIRED`, `TLS_UNUSABLE`, `KEY_FILE_EXPOSED`, `ADDRESS_UNUSABLE`).
    """
    settings = config.service
    tls = tls_of(settings)
    check_exposure(address, tls=tls is not None, behind_proxy=behind_proxy or bool(settings.trusted_proxies))
    context = tls_context(tls) if tls else None
    async with Placet.open(replace(config, bootstrap_key=None, principal="")) as placet:
        terms = _terms(settings, tls=tls is not None)
        house = _house(Application(placet, ROUTES, terms), settings, terms)
        door = Door(listening=listen(address), house=house, tls=context)
        process = Process([door], terms.standing, drain_seconds=settings.drain_seconds)
        told(HostPort(host=address.host, port=door.listening.getsockname()[1]), tls is not None)
        await process.serve()


def _terms(settings: ServiceSettings, *, tls: bool) -> Terms:
    gate = Gate(
        per_key=settings.rate_per_key,
        per_address=settings.rate_per_address,
        at_once=settings.max_concurrent,
        seconds=time.monotonic,
    )
    return Terms(
        gate=gate,
        room=Room(_BODIES_BYTES),
        patience=settings.patience_seconds,
        trusted=Networks(settings.trusted_proxies),
        tls=tls,
    )


def _house(application: Application, settings: ServiceSettings, terms: Terms) -> House:
    return House(
        config=uvicorn.Config(
            application,
            http="httptools",
            ws="none",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=settings.patience_seconds,
        ),
        state=ServerState(),
        crowd=Crowd(most=make_room(settings.max_connections), trusted=terms.trusted),
        refuse=refusing(security_headers(tls=terms.tls), lambda *_: None),
        patience=Patience(seconds=settings.patience_seconds),
    )
