"""An issuer on loopback that says what a test wants it to say, with real signatures; it checks PKCE and secrets."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct, field

CLIENT, SECRET = "placet", "sso_s3cret_canary"


def base64url(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _number(value: int) -> str:
    return base64url(value.to_bytes((value.bit_length() + 7) // 8, "big"))


@cache
def rsa_key(name: str = "ours", bits: int = 2048) -> rsa.RSAPrivateKey:
    """Return an RSA key, made once for each name."""
    assert name
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(curve: str = "P-256") -> ec.EllipticCurvePrivateKey:
    """Return a key on a curve, made once."""
    return ec.generate_private_key(ec.SECP256R1() if curve == "P-256" else ec.SECP384R1())


def jwk(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, key_id: str, **more: Any) -> dict[str, Any]:
    """Return the public half of a key as an issuer publishes it."""
    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        return {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e), "kid": key_id, "use": "sig", **more}
    point, size = key.public_key().public_numbers(), key.key_size // 8
    x, y = (base64url(each.to_bytes(size, "big")) for each in (point.x, point.y))
    return {"kty": "EC", "crv": f"P-{key.key_size}", "x": x, "y": y, "kid": key_id, **more}


def signed(claims: Mapping[str, Any] | bytes, header: Mapping[str, Any], key: Any = None) -> str:
    """Return a token with this header, really signed by the algorithm that it names: `none`, HS256 and all others.

    `claims` may be the payload's very bytes.
    """
    given = f"{_part(header)}.{_part(claims)}"
    return f"{given}.{base64url(_signature(str(header['alg']), given.encode(), key or rsa_key()))}"


def _part(members: Mapping[str, Any] | bytes) -> str:
    return base64url(members if isinstance(members, bytes) else json.dumps(members).encode())


def _signature(algorithm: str, content: bytes, key: Any) -> bytes:
    if algorithm == "HS256":
        secret = key if isinstance(key, bytes) else _pem(key)
        return hmac.digest(secret, content, "sha256")
    if algorithm == "RS256":
        return bytes(key.sign(content, padding.PKCS1v15(), hashes.SHA256()))
    if algorithm == "PS256":
        return bytes(key.sign(content, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256()))
    if algorithm in ("ES256", "ES384"):
        digest = hashes.SHA256() if algorithm == "ES256" else hashes.SHA384()
        r, s = decode_dss_signature(key.sign(content, ec.ECDSA(digest)))
        size = key.key_size // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    return b""


def _pem(key: Any) -> bytes:
    pem: bytes = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


class IssuerDouble(Struct):
    """What the issuer publishes and gives, each changed by a test in one line; and what it was asked."""

    url: str = ""
    keys: list[dict[str, Any]] = field(default_factory=lambda: [jwk(rsa_key(), "k1")])
    metadata: dict[str, Any] = field(default_factory=dict)
    answers: dict[str, tuple[int, bytes]] = field(default_factory=dict)
    codes: dict[str, tuple[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def code_for(self, token: str, challenge: str) -> str:
        """Return a code that gives `token` once, to who has the verifier of `challenge`."""
        code = f"code-{len(self.codes)}-{len(self.asked)}"
        self.codes[code] = (token, challenge)
        return code

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/oauth/token",
            "jwks_uri": f"{self.url}/jwks",
            **self.metadata,
        }

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        self.asked.append(f"{method} {path}")
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            return 200, json.dumps(self.discovery()).encode()
        if path == "/jwks":
            return 200, json.dumps({"keys": self.keys}).encode()
        return self._token(headers, parse_qs(body.decode())) if path == "/oauth/token" else (404, b"")

    def _token(self, headers: Mapping[str, str], form: Mapping[str, list[str]]) -> tuple[int, bytes]:
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if headers.get("authorization") != f"Basic {basic}" and form.get("client_secret") != [SECRET]:
            return 401, b'{"error":"invalid_client"}'
        token, challenge = self.codes.pop(form["code"][0], ("", ""))
        given = base64url(hashlib.sha256(form["code_verifier"][0].encode()).digest())
        if not token or given != challenge:
            return 400, b'{"error":"invalid_grant"}'
        return 200, json.dumps({"id_token": token, "access_token": "canary", "token_type": "Bearer"}).encode()


@contextmanager
def an_issuer() -> Iterator[IssuerDouble]:
    """Run the double on a free port for the length of a `with`."""
    double = IssuerDouble()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer()

        def do_POST(self) -> None:
            self._answer()

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, content = double.answer(self.command, self.path, headers, body)
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    double.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield double
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
