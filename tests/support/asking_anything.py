"""A service that has something of everything, and schemathesis, which asks it whatever its description allows."""

from __future__ import annotations

import asyncio
import hashlib
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from placet.demo.npm_double import NpmDouble
from support.homes import found_trial
from support.remote import Person, archive
from support.service import Service, serving
from support.shell import Shell

CONFIGURATION = Path(__file__).parents[1] / "web" / "schemathesis.toml"
EXAMPLE = b"hello\n"
"""The bytes whose digest stands in the examples of the description."""
_TOKEN = "npm_t0ken_canary"
_SECONDS = 600


@dataclass(frozen=True, kw_only=True)
class Heard:
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
    before = len(_logged(service))
    done = subprocess.run(
        [
            *("schemathesis", "--no-color", "--config-file", str(CONFIGURATION), "run", f"{service.url}/openapi.json"),
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


def _prepare(service: Service, key: str) -> None:
    about = {"package_name": "@acme/tool", "version": "1.0.0"}
    issued = _done(service, "POST", "/v1/certificates/issue", {"type": "package", **about}, key)
    certificate = {"cert_id": issued["cert_id"]}
    event = {"event_type": "package.build.complete", "package": "@acme/tool", "version": "1.0.0", **certificate}
    reported = _done(service, "POST", "/chronicle/events", event, key)
    registration = {**about, **certificate, "chronicle_event_id": reported["event_id"]}
    _done(service, "POST", "/registry/api/packages/register", registration, key)
    Person(service, "local", key).publish(archive("2.0.0"))
    digest = f"sha256:{hashlib.sha256(EXAMPLE).hexdigest()}"
    uploaded = service.ask("PUT", f"/api/v1/artifacts/{digest}?size={len(EXAMPLE)}", key=key, content=EXAMPLE)
    assert uploaded.document["complete"]


def _done(service: Service, method: str, path: str, body: object, key: str) -> Any:
    answer = service.ask(method, path, body, key=key)
    assert answer.status == 201, answer
    return answer.document
