"""What `Anchor` promises, over memory and files (protocol 7, anchors)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Thread

import pytest

from placet.adapters.files.anchor import FileAnchor
from placet.adapters.memory.anchor import MemoryAnchor
from placet.errors import UnavailableError
from placet.ports.anchor import Anchor

ORIGIN = "ledger.example.com/acme/1"
OTHER = "ledger.example.com/acme/2"
Reopen = Callable[[], Anchor]


@pytest.fixture(params=["memory", "files"])
def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> Reopen:
    """Return what opens the same anchor again, as another process would."""
    memory = MemoryAnchor()
    return (lambda: memory) if request.param == "memory" else (lambda: FileAnchor(tmp_path / "state" / "anchor"))


def test_at_first_there_is_nothing(reopen: Reopen) -> None:
    assert (reopen().read(ORIGIN), reopen().stamp(ORIGIN)) == ((), "")


def test_every_process_sees_the_newest_note_at_once(reopen: Reopen) -> None:
    one, two = reopen(), reopen()
    one.replace(ORIGIN, "note 1\n")
    assert two.read(ORIGIN)[-1] == "note 1\n"
    two.replace(ORIGIN, "note 2\n")
    assert one.read(ORIGIN)[-1] == reopen().read(ORIGIN)[-1] == "note 2\n"


def test_origins_do_not_know_each_other(reopen: Reopen) -> None:
    anchor = reopen()
    anchor.replace(ORIGIN, "note 1\n")
    assert anchor.read(OTHER) == ()


def test_the_stamp_stands_still_until_somebody_else_replaces_the_note(reopen: Reopen) -> None:
    mine, theirs = reopen(), reopen()
    stamp = mine.replace(ORIGIN, "note 1\n")
    assert mine.stamp(ORIGIN) == stamp != ""
    theirs.replace(ORIGIN, "note 2\n", lasting=True)
    assert mine.stamp(ORIGIN) != stamp


def test_a_lasting_note_replaces_everything_that_was_kept(reopen: Reopen) -> None:
    anchor = reopen()
    anchor.replace(ORIGIN, "note 1\n")
    anchor.replace(ORIGIN, "note 2\n")
    anchor.replace(ORIGIN, "note 3\n", lasting=True)
    assert set(anchor.read(ORIGIN)) == {"note 3\n"}


def test_closing_leaves_the_newest_note(reopen: Reopen) -> None:
    anchor = reopen()
    anchor.replace(ORIGIN, "note 1\n")
    anchor.replace(ORIGIN, "note 2\n")
    anchor.close()
    anchor.close()
    assert set(reopen().read(ORIGIN)) == {"note 2\n"}


def test_a_note_of_any_length_replaces_a_longer_one(reopen: Reopen) -> None:
    anchor = reopen()
    anchor.replace(ORIGIN, "a much longer note\n" * 20)
    anchor.replace(ORIGIN, "short\n", lasting=True)
    assert set(anchor.read(ORIGIN)) == {"short\n"}


def files(folder: Path) -> tuple[FileAnchor, Path, Path]:
    """Return an anchor with one note, its lasting file, and its latest one."""
    anchor = FileAnchor(folder)
    anchor.replace(ORIGIN, "note 1\n")
    return anchor, anchor.path(ORIGIN), anchor.path(ORIGIN).with_suffix(".latest")


def test_the_file_is_named_by_the_origin_and_stays_in_its_folder(tmp_path: Path) -> None:
    anchor = FileAnchor(tmp_path)
    names = [
        anchor.path(origin) for origin in (ORIGIN, OTHER, "../../etc/passwd", "..", ".", "/", "x" * 256, "a/b", "a_b")
    ]
    assert all(path.parent == tmp_path and len(path.name) < 150 for path in names)
    assert all(not path.name.startswith(".") for path in names)
    assert len(set(names)) == len(names)
    assert names[0].name.startswith("ledger.example.com_acme_1-")


def test_folder_and_files_are_for_their_owner_only(tmp_path: Path) -> None:
    _, lasting, latest = files(tmp_path / "anchor")
    assert [path.stat().st_mode & 0o077 for path in (lasting.parent, lasting, latest)] == [0, 0, 0]


def test_the_lasting_file_is_not_replaced_for_every_note(tmp_path: Path) -> None:
    anchor, lasting, _ = files(tmp_path)
    for number in range(2, 50):
        anchor.replace(ORIGIN, f"note {number}\n")
    assert lasting.read_text() == "note 1\n"
    assert anchor.read(ORIGIN) == ("note 1\n", "note 49\n")


@pytest.mark.parametrize("torn", [b"", b"\0" * 2048, b"note 2", b"x" * 5000])
def test_a_torn_latest_note_is_ignored(tmp_path: Path, torn: bytes) -> None:
    anchor, _, latest = files(tmp_path)
    latest.write_bytes(torn)
    assert anchor.read(ORIGIN) == ("note 1\n",)


def test_no_altered_byte_of_the_latest_note_is_read(tmp_path: Path) -> None:
    anchor, _, latest = files(tmp_path)
    content = latest.read_bytes()
    for at in range(80):
        latest.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert anchor.read(ORIGIN) == ("note 1\n",)


def test_without_the_lasting_file_there_is_no_anchor(tmp_path: Path) -> None:
    anchor, lasting, _ = files(tmp_path)
    lasting.unlink()
    assert (anchor.read(ORIGIN), anchor.stamp(ORIGIN)) == ((), "")


def test_nothing_is_left_of_a_note_that_could_not_be_written(tmp_path: Path) -> None:
    anchor, lasting, latest = files(tmp_path)
    lasting.unlink()
    lasting.mkdir()
    with pytest.raises(UnavailableError) as refused:
        anchor.replace(ORIGIN, "note 2\n", lasting=True)
    assert refused.value.code == "AUDIT_UNAVAILABLE"
    assert {path.name for path in tmp_path.iterdir()} == {lasting.name, latest.name}


def test_what_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    anchor = FileAnchor(blocked)
    for use in (anchor.read, anchor.stamp):
        with pytest.raises(UnavailableError) as refused:
            use(ORIGIN)
        assert refused.value.code == "AUDIT_UNAVAILABLE"


def test_a_full_disk_is_said_so_when_closing(tmp_path: Path) -> None:
    anchor, lasting, _ = files(tmp_path)
    anchor.replace(ORIGIN, "note 2\n")
    lasting.unlink()
    lasting.mkdir()
    with pytest.raises(UnavailableError):
        anchor.close()


def test_nobody_replaces_the_note_while_another_is_alone_with_it(tmp_path: Path) -> None:
    one, two = FileAnchor(tmp_path), FileAnchor(tmp_path)
    order = []

    def second() -> None:
        with two.alone(ORIGIN):
            order.append("second")

    waiting = Thread(target=second)
    with one.alone(ORIGIN):
        waiting.start()
        waiting.join(timeout=0.05)
        order.append("first")
    waiting.join()
    assert order == ["first", "second"]


def test_an_anchor_disk_that_fails_while_we_are_alone_keeps_nobody_else_out(tmp_path: Path) -> None:
    anchor, lasting, _ = files(tmp_path)
    lasting.unlink()
    lasting.mkdir()
    with pytest.raises(UnavailableError), anchor.alone(ORIGIN):
        anchor.replace(ORIGIN, "note 2\n", lasting=True)
    with FileAnchor(tmp_path).alone(ORIGIN):
        assert FileAnchor(tmp_path).read(OTHER) == ()
