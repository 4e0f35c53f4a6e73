"""Opens an installation and serves it: everything of the process is put together here."""

from __future__ import annotations

import gc
import signal
import socket
import ssl
import sys
import time
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import structlog
import uvicorn
from msgspec import Struct, field
from msgspec.structs import replace
from starlette.requests import Request
from uvicorn.server import ServerState

from placet.config import DEFAULT_BASE_URL, Config
from placet.config.service import HostPort, ServiceSettings
from placet.errors import UnavailableError
from placet.facade import Placet
from placet.web import logs
from placet.web.addresses import Networks, is_from_this_machine
from placet.web.application import Application
from placet.web.body import Room
from placet.web.gate import Gate
from placet.web.headers import security_headers
from placet.web.metrics import Metrics
from placet.web.redaction import Redactor, secrets_of
from placet.web.reports import Reports
from placet.web.route import Route
from placet.web.routes.metrics import PATH as METRICS_PATH
from placet.web.routes.metrics import metrics_route
from placet.web.server.connection import House, Patience
from placet.web.server.crowd import Crowd
from placet.web.server.listening import encryption, listen, make_room
from placet.web.server.notify import READY, STOPPING, tell_manager
from placet.web.server.post import Post
from placet.web.server.process import SIGNALS, Door, Process
from placet.web.server.refusal import refusing
from placet.web.server.upkeep import chores_of, kept_up
from placet.web.table import ROUTES
from placet.web.terms import Terms, never

_BODIES_BYTES = 32 * 1024 * 1024
_METRICS_CONNECTIONS = 16
_YOUNG_OBJECTS = 50_000
_SWITCH_SECONDS = 0.0005
_log = structlog.get_logger()


async def serve(config: Config, address: HostPort, *, behind_proxy: bool = False, post: Post | None = None) -> None:
    """Serve the installation in `config.home` at `address` until a signal ends it, and log to standard error.

    With a `post` it is one of several processes that share the address, and heeds no signal. Nobody
    asks in the server's own name: the bootstrap key and the default principal of its environment are
    not used. Raise as `Placet.open`, and `ConfigurationError` (`TLS_REQUIRED`,
    `TLS_UNUSABLE`, `KEY_FILE_EXPOSED`, `ADDRESS_UNUSABLE`).
    """
    settings = post.share(config.service) if post else config.service
    proxied = behind_proxy or bool(settings.trusted_proxies)
    context = encryption(settings, address, proxied=proxied)
    metrics = Metrics()
    async with Placet.open(replace(config, bootstrap_key=None, principal=""), meter=metrics) as placet:
        await _configure_logs(config, placet)
        terms = _terms(settings, metrics, tls=context is not None)
        site = _Site(placet=placet, settings=settings, metrics=metrics, terms=terms, shared=post is not None)
        doors = [site.main_door(address, context, proxied=proxied), *site.metrics_doors()]

        def ending() -> None:
            site.terms.standing.ending = True
            tell_manager(config.environment, STOPPING)
            _log.info("ending: what is under way is finished first")

        signals = () if post else SIGNALS
        process = Process(doors, site.state, ending, drain_seconds=settings.drain_seconds, signals=signals)
        async with kept_up(chores_of(placet, settings), metrics):
            if post is None or post.is_first:
                _tell_where(address, doors)
                _warn_of_one_proxy(settings, behind_proxy=behind_proxy)
                _warn_of_addresses(placet.public_base_url, doors[0], proxied=proxied)
            _tell_where_metrics(settings.metrics_address, doors)
            tell_manager(config.environment, READY)
            _let_be_what_stays()
            if post is not None:
                post.tell_ready()
                post.watch(lambda: process.handle_exit(signal.SIGTERM, None))
            await process.serve()
        await _record_the_rest(placet)
        _log.info("ended")


class _Site(Struct, frozen=True, kw_only=True):
    """What the doors of one process share; its main door may be `shared` with other processes."""

    placet: Placet
    settings: ServiceSettings
    metrics: Metrics
    terms: Terms
    shared: bool
    state: ServerState = field(default_factory=ServerState)

    def main_door(self, address: HostPort, tls: ssl.SSLContext | None, *, proxied: bool) -> Door:
        """Open the door of the service; metrics are behind it where they have no address of their own.

        Where proxies are in front, nobody is believed to ask from this machine itself; and of a shared
        door nobody knows whose metrics are behind it.
        """
        crowd = Crowd(most=make_room(self.settings.max_connections), trusted=self.terms.trusted)
        gate = self.terms.gate
        self.metrics.watch(
            running=lambda: gate.queue.running + gate.uploads.running,
            waiting=lambda: gate.queue.waiting + gate.uploads.waiting,
            connections=lambda: crowd.size,
        )
        private = not proxied and not self.shared and self.settings.metrics_address is None
        terms = replace(self.terms, is_private=_is_private if private else never)
        listening = listen(address, shared=self.shared)
        return self._door(listening, (*ROUTES, metrics_route(self.metrics)), terms, crowd, tls)

    def metrics_doors(self) -> list[Door]:
        """Open the door for metrics alone, where there is to be one: who reaches it may read them."""
        address = self.settings.metrics_address
        if address is None:
            return []
        terms = replace(self.terms, tls=False, is_private=lambda _: True)
        crowd = Crowd(most=_METRICS_CONNECTIONS, trusted=terms.trusted)
        return [self._door(listen(address), (metrics_route(self.metrics),), terms, crowd, None)]

    def _door(
        self, listening: socket.socket, routes: Sequence[Route], terms: Terms, crowd: Crowd, tls: ssl.SSLContext | None
    ) -> Door:
        house = House(
            config=uvicorn.Config(
                Application(self.placet, routes, terms),
                http="httptools",
                ws="none",
                lifespan="off",
                access_log=False,
                log_config=None,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=self.settings.patience_seconds,
            ),
            state=self.state,
            crowd=crowd,
            refuse=refusing(security_headers(tls=terms.tls), terms.reports.refused),
            patience=Patience(seconds=self.settings.patience_seconds),
        )
        return Door(listening=listening, house=house, tls=tls)


def _terms(settings: ServiceSettings, metrics: Metrics, *, tls: bool) -> Terms:
    gate = Gate(
        per_key=settings.rate_per_key,
        per_address=settings.rate_per_address,
        at_once=settings.max_concurrent,
        seconds=time.monotonic,
    )
    return Terms(
        gate=gate,
        room=Room(_BODIES_BYTES),
        reports=Reports(metrics),
        patience=settings.patience_seconds,
        trusted=Networks(settings.trusted_proxies),
        tls=tls,
    )


def _is_private(request: Request) -> bool:
    return is_from_this_machine(request.client.host if request.client else "", request.headers)


def _warn_of_one_proxy(settings: ServiceSettings, *, behind_proxy: bool) -> None:
    if behind_proxy and not settings.trusted_proxies:
        _log.warning("all that the proxy hands on is counted as one client's: name it with --trusted-proxy")


def _warn_of_addresses(base_url: str, door: Door, *, proxied: bool) -> None:
    """Warn where nobody said what clients call this service, and the default is not what listens."""
    if base_url == DEFAULT_BASE_URL and (
        proxied or door.tls is not None or door.port != urlsplit(DEFAULT_BASE_URL).port
    ):
        _log.warning(f"answers lead to {base_url}: set PLACET_PUBLIC_BASE_URL to where clients reach this service")


def _let_be_what_stays() -> None:
    """Spare the collector of cycles what is there as long as the process: it would look at it again and again.

    And let go for the thread that commits as soon as it is back from the disk: everybody waits for it.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS)
    sys.setswitchinterval(_SWITCH_SECONDS)


def _tell_where(address: HostPort, doors: Sequence[Door]) -> None:
    _log.info(f"serving on http{'s' if doors[0].tls else ''}://{_host(address)}:{doors[0].port}")


def _tell_where_metrics(metrics: HostPort | None, doors: Sequence[Door]) -> None:
    if metrics is not None:
        _log.info(f"metrics at http://{_host(metrics)}:{doors[1].port}{METRICS_PATH}")


def _host(address: HostPort) -> str:
    return f"[{address.host}]" if ":" in address.host else address.host


async def _configure_logs(config: Config, placet: Placet) -> None:
    """Log to standard error, without any secret that this process was given."""
    providers: Any = (await placet.governance.providers())["providers"]
    redactor = Redactor(secrets_of(config, [each["credential"] for each in providers]))
    logs.configure(sys.stderr, redactor, level=config.service.log_level, human=sys.stderr.isatty())


async def _record_the_rest(placet: Placet) -> None:
    try:
        await placet.denials.record_counted(closing=True)
    except UnavailableError as error:
        _log.warning("denials that were counted are not on record", why=str(error))
