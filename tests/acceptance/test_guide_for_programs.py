"""The guide for programs is a program: every block runs, in order, and what it asserts is so."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from placet.demo.npm_double import NpmDouble
from support.archives import manifest, member, package_json, tgz

GUIDE = Path(__file__).parents[2] / "docs" / "guide-programs.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.needs("ssh-keygen")
def test_every_block_of_the_guide_runs(tmp_path: Path) -> None:
    blocks = BLOCK.findall(GUIDE.read_text(encoding="utf-8"))
    for version in ("1.0.0", "1.0.1", "1.0.2"):
        archive = tgz(package_json(manifest("@acme/tool", version)), member("package/index.js", b"1\n"))
        (tmp_path / f"tool-{version}.tgz").write_bytes(archive)
    with NpmDouble("npm_secret") as registry:
        program = "\n".join(blocks).replace("http://127.0.0.1:4873", registry.url)
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
        )

        assert done.returncode == 0, done.stderr
        assert [registry.effects("@acme/tool", version) for version in ("1.0.0", "1.0.1", "1.0.2")] == [1, 1, 1]
    assert len(blocks) == 8
