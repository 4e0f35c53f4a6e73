"""A service that has something of everything, and schemathesis, which asks it whatever its description allows."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from string import Template
from typing import Any

from msgspec import Struct

from placet.demo.npm_double import NpmDouble
from placet.web.documents.plans import EXAMPLE_OPERATION
from placet.web.forms import EXAMPLE_DIGEST
from support.homes import found_trial
from support.remote import Person, archive
from support.service import Service, serving
from support.shell import Shell

CONFIGURATION = Path(__file__).parents[1] / "web" / "schemathesis.toml"
EXAMPLE = b"hello\n"
"""The bytes whose digest stands in the examples of the description."""
_TOKEN = "npm_t0ken_canary"
_SECONDS = 600


class Heard(Struct, frozen=True, kw_only=True):
    """How a run of schemathesis ended, and what the service logged of each request."""

    code: int
    text: str
    requests: tuple[dict[str, Any], ...]
    bugs: tuple[str, ...]

    @property
    def succeeded(self) -> set[tuple[str, str]]:
        """Return the endpoints, by method and template, that gave what they are for."""
        return {(each["method"], each["route"]) for each in self.requests if each["status"] < 400}

    @property
    def told(self) -> set[tuple[str, str, str]]:
        """Return each code that was answered, by method and template."""
        return {(each["method"], each["route"], each["code"]) for each in self.requests if each["code"]}


@contextmanager
def serving_something_of_everything(place: Path) -> Iterator[tuple[Service, str]]:
    """Serve a trial with a certificate, an event, a registration, a publication and an artifact, and give its key."""
    place.mkdir(exist_ok=True)
    with NpmDouble(_TOKEN) as registry:
        shell = Shell(place, {"NPM_TOKEN": _TOKEN, "PLACET_RATE_PER_KEY": "0"})
        (shell.place / "objects").mkdir()
        asyncio.run(found_trial(shell, registry.url))
        with serving(shell) as service:
            key = service.key("*=*")
            _prepare(service, key)
            yield service, key


def ask_anything(service: Service, key: str, *, seed: int, arguments: tuple[str, ...]) -> Heard:
    """Let schemathesis ask the service, with `key`, by what is said of itself at /openapi.json."""
    configuration = service.shell.place / CONFIGURATION.name
    configuration.write_text(Template(CONFIGURATION.read_text()).substitute(_known(service, key)))
    before = len(_logged(service))
    done = subprocess.run(
        [
            *("schemathesis", "--no-color", "--config-file", str(configuration), "run", f"{service.url}/openapi.json"),
            *("--url", service.url, "--header", f"X-API-Key: {key}", "--seed", str(seed), *arguments),
        ],
        cwd=service.shell.place,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    lines = [json.loads(line) for line in _logged(service)[before:]]
    return Heard(
        code=done.returncode,
        text=re.sub(r"\n{3,}", "\n\n", done.stdout + done.stderr),
        requests=tuple(each for each in lines if each["event"] == "request" and each["route"]),
        bugs=tuple(str(each) for each in lines if each["event"] != "request" and each["level"] == "error"),
    )


def _logged(service: Service) -> list[str]:
    return [line for line in service.log.splitlines() if line.startswith("{")]


def _known(service: Service, key: str) -> dict[str, str]:
    """Return what the configuration names: the day, a version that is to be registered, and a receipt to take back."""
    certificate, event = _certified(service, key, "3.0.0")
    planned = _done(service, "POST", "/api/v1/plans", {"operation": [EXAMPLE_OPERATION]}, key)
    asked = service.ask("POST", f"/api/v1/operations/{planned['run_id']}/1/1/receipt", {}, key=key)
    assert asked.status == 200, asked
    today = planned["created_at"][:10].replace("-", "")
    return {"TODAY": today, "CERTIFICATE": certificate, "EVENT": event, "RECEIPT": asked.document["receipt_id"]}


def _prepare(service: Service, key: str) -> None:
    certificate, event = _certified(service, key, "1.0.0")
    version = {"package_name": "@acme/tool", "version": "1.0.0"}
    registration = {**version, "cert_id": certificate, "chronicle_event_id": event}
    _done(service, "POST", "/registry/api/packages/register", registration, key)
    Person(service, "local", key).publish(archive("2.0.0"))
    where = f"/api/v1/artifacts/{EXAMPLE_DIGEST}?size={len(EXAMPLE)}"
    uploaded = service.ask("PUT", where, key=key, content=EXAMPLE)
    assert uploaded.document["complete"]


def _certified(service: Service, key: str, version: str) -> tuple[str, str]:
    """Return a certificate of a version, and an event about it."""
    wanted = {"type": "package", "package_name": "@acme/tool", "version": version}
    certificate = str(_done(service, "POST", "/v1/certificates/issue", wanted, key)["cert_id"])
    happened = {"event_type": "package.build.complete", "package": "@acme/tool", "version": version}
    event = _done(service, "POST", "/chronicle/events", {**happened, "cert_id": certificate}, key)
    return certificate, str(event["event_id"])


def _done(service: Service, method: str, path: str, body: object, key: str) -> Any:
    answer = service.ask(method, path, body, key=key)
    assert answer.status == 201, answer
    return answer.document
