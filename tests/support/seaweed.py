"""A real SeaweedFS on free loopback ports, in a folder of its own, with one bucket."""

from __future__ import annotations

import contextlib
import json
import select
import shutil
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import obstore
from msgspec import Struct
from obstore.store import S3Store

from placet.ports.effects import Provider
from support.ports import free_ports

KEY_ID = "AKIDEXAMPLE"
SECRET = "s3/canary+4b1d9e7f2c"
CREDENTIAL = f"{KEY_ID}:{SECRET}"
_START_SECONDS = 120
_SERVERS = ("master", "volume", "filer", "s3")


class ObjectStore(Struct, frozen=True):
    """A running store: its address, its bucket, and what stands there as the store itself tells."""

    url: str
    bucket: str = "objects"

    def provider(self, prefix: str, *, url: str = "", provider_id: str = "objects") -> Provider:
        """Return the record of what lies below `prefix`; `url` is that of a proxy before the store."""
        address = f"{url or self.url}/{self.bucket}/{prefix}"
        return Provider(provider_id=provider_id, kind="s3", url=address, credential="env:S3")

    def objects(self, prefix: str) -> dict[str, bytes]:
        """Return every object below `prefix`, by its key."""
        store = self.client()
        found = obstore.list(store, prefix=prefix).collect()
        return {each["path"].removeprefix(f"{prefix}/"): bytes(store.get(each["path"]).bytes()) for each in found}

    async def count(self, folder: str, stem: str) -> int:
        """Return how many objects of `folder` have a name that begins with `stem`."""
        found = await obstore.list(self.client(), prefix=folder).collect_async()
        return sum(each["path"].startswith(f"{folder}/{stem}") for each in found)

    def client(self) -> S3Store:
        """Return the library's plain client, which nothing guards."""
        return S3Store(
            self.bucket,
            endpoint=self.url,
            region="us-east-1",
            access_key_id=KEY_ID,
            secret_access_key=SECRET,
            virtual_hosted_style_request=False,
            client_options={"allow_http": True},
        )


@contextlib.contextmanager
def running_seaweed(folder: Path) -> Iterator[ObjectStore]:
    """Start SeaweedFS in `folder`, which must be fresh, make its bucket, and kill it by its process id at the end."""
    identity = {
        "name": "placet",
        "credentials": [{"accessKey": KEY_ID, "secretKey": SECRET}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    (folder / "data").mkdir()
    ports = free_ports(2 * len(_SERVERS))
    log = folder / "weed.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            _command(folder, ports), cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    store = ObjectStore(url=f"http://127.0.0.1:{ports[6]}")
    try:
        _wait_until_it_answers(process, store, log)
        yield store
    finally:
        process.kill()  # its orderly end takes half a minute
        process.wait()
        for port in ports:
            for left in Path("/tmp").glob(f"seaweedfs-*{port}.sock"):  # noqa: S108 - it makes them nowhere else
                left.unlink()


def _command(folder: Path, ports: list[int]) -> list[str]:
    command = [str(shutil.which("weed")), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder / 'data'}"]
    command += ["-volume.max=300", "-master.volumeSizeLimitMB=64", "-master.telemetry=false", "-filer", "-s3"]
    command += [f"-s3.config={folder / 's3.json'}", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    for server, port, grpc in zip(_SERVERS, ports[::2], ports[1::2], strict=True):
        command += [f"-{server}.port={port}", f"-{server}.port.grpc={grpc}"]
    return command


def _wait_until_it_answers(process: subprocess.Popen[bytes], store: ObjectStore, log: Path) -> None:
    for _ in range(_START_SECONDS * 10):
        with contextlib.suppress(urllib.error.URLError, ConnectionError, obstore.exceptions.BaseError):
            with urllib.request.urlopen(f"{store.url}/healthz", timeout=5) as answer:  # noqa: S310 - our own loopback
                assert answer.status == 200
            store.client().put("ready", b"the first object makes the bucket")
            return
        if process.poll() is not None:
            break
        select.select([], [], [], 0.1)
    raise AssertionError(f"SeaweedFS did not start: {log.read_text()[-2000:]}")
