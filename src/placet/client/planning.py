"""Plans that people write down, read here and posted to a service: it is given bytes by digest, and no path."""

from __future__ import annotations

from pathlib import Path

from placet.client.artifacts import RemoteArtifacts
from placet.client.publishing import Progress, silent
from placet.client.tools import Tools
from placet.client.waiting import Waiter, carried_out, going_on
from placet.client.wire import Wire
from placet.domain.authorization.plan_file import WantedArtifact, WantedOperation, WantedPackage
from placet.domain.encoding.archive import read_archive
from placet.domain.encoding.canonical import Object, Value
from placet.ports.plan_files import ReadPlan

_PLANS = ("api", "v1", "plans")


class RemotePlanning:
    """Plan files of this machine, planned at a service."""

    def __init__(self, wire: Wire, tools: Tools, *, offline: bool) -> None:
        """Ask over `wire`; with `offline`, have no provider asked anything for what is planned."""
        self._wire = wire
        self._tools = tools
        self._offline = offline
        self._artifacts = RemoteArtifacts(wire)

    async def create(self, path: Path, *, requester: str = "", progress: Progress = silent) -> Object:
        """Have planned what the file at `path` asks for; nothing of it is performed."""
        return await self._wire.post(*_PLANS, body=await self._sent(path, requester, progress))

    async def perform(self, path: Path, *, requester: str = "", progress: Progress = silent, wait: Waiter) -> Object:
        """Have planned what the file asks for, wait for approvals as `wait` says, and have it carried out."""
        planned = await self.create(path, requester=requester, progress=progress)
        return await carried_out(self._wire, going_on(self._wire, str(planned["run_id"])), wait)

    async def rehearse(self, path: Path, *, requester: str = "", progress: Progress = silent) -> Object:
        """Take the same road as a dry run."""
        return await self._wire.post(*_PLANS, "dry-run", body=await self._sent(path, requester, progress))

    async def _sent(self, path: Path, requester: str, progress: Progress) -> Object:
        read = await self._tools.plan_files.read(path)
        package = await self._package(read, progress)
        operations: list[Value] = [await self._operation(each, read) for each in read.file.operations]
        return {**package, "operation": operations, "requester": requester, "offline": self._offline}

    async def _package(self, read: ReadPlan, progress: Progress) -> Object:
        if read.file.package is None:
            return {}
        reading = read_archive(read.tgz)
        progress("package", f"{reading.name}@{reading.version}")
        archive = await self._artifacts.send(read.tgz)
        progress("uploaded", archive)
        named: Object = {"archive": archive, "name": reading.name, "version": reading.version}
        return {"package": {**named, **_said_of(read.file.package)}}

    async def _operation(self, operation: WantedOperation, read: ReadPlan) -> Object:
        said: Object = {
            "name": operation.name,
            "version": operation.version,
            "tag": operation.tag,
            "params": operation.params,
            "artifacts": [await self._artifact(each, read) for each in operation.artifacts],
            "preconditions": [each.to_object() for each in operation.preconditions],
        }
        given = {name: value for name, value in said.items() if value}
        return {"kind": operation.kind.value, "provider": operation.provider, **given}

    async def _artifact(self, artifact: WantedArtifact, read: ReadPlan) -> Object:
        if artifact.made is not None:
            return {"name": artifact.name, "made": artifact.made.value}
        content = read.contents[artifact.file] if artifact.file else artifact.content
        return {"name": artifact.name, "digest": await self._artifacts.send(content)}


def _said_of(package: WantedPackage) -> Object:
    said = {"dist_tag": package.dist_tag, "access": package.access}
    return {name: value for name, value in said.items() if value}
