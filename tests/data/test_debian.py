from __future__ import annotations

import gzip
import io
import lzma
import os
import tarfile
from pathlib import Path

import pytest

from goodfit.data import debian
from goodfit.data.debian import ar_member, from_apt
from goodfit.data.sources import Look, NotFoundHere, Step

FOLDER = "usr/share/x"


def tar(contents: dict[str, bytes], prefix: str = f"./{FOLDER}/") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for name, content in contents.items():
            member = tarfile.TarInfo(prefix + name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def ar(members: dict[str, bytes]) -> bytes:
    """An ar archive as deb(5) has it: header of 60 bytes, content, a newline after an odd length."""
    out = b"!<arch>\n"
    for name, content in members.items():
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode() + content
        out += b"\n" if len(content) % 2 else b""
    return out


def deb(contents: dict[str, bytes]) -> bytes:
    return ar({"debian-binary": b"2.0\n", "control.tar.gz": tar({"control": b"x"}, "./"), "data.tar.gz": tar(contents)})


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of commands that is the whole PATH, with the tools that the scripts below need."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("sh", "cp", "cat", "sleep", "echo", "dpkg-deb", "tar", "gzip", "rm"):
        for place in ("/bin", "/usr/bin"):
            if Path(place, tool).exists() and not (folder / tool).exists():
                (folder / tool).symlink_to(Path(place, tool))
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(debian.tempfile, "tempdir", None)
    return folder


def apt(machine: Path, *, update: str = ":", download: str = ":") -> None:
    """An apt-get that keeps its arguments and its configuration, and then does what a test wants."""
    script = f"""#!/bin/sh
echo "$@" >> {machine}/log
cp "$4" {machine}/conf
case "$5" in
update) {update} ;;
download) {download} ;;
esac
"""
    (machine / "apt-get").write_text(script)
    (machine / "apt-get").chmod(0o755)


def compressed(tiny, **changes: bytes) -> dict[str, bytes]:  # type: ignore[no-untyped-def]
    return {f"{name}.gz": gzip.compress(changes.get(name[:2], raw)) for name, raw in tiny.contents.items()}


def fetch(tiny, steps: list[Step] | None = None) -> dict[str, bytes]:  # type: ignore[no-untyped-def]
    look = Look("apt", (steps if steps is not None else []).append)
    return from_apt("x-data", FOLDER, tiny.files, 1000, look)


@pytest.mark.parametrize("reader", ["dpkg-deb", "our own"])
def test_update_then_download_into_folders_of_its_own(tiny, machine: Path, reader: str) -> None:  # type: ignore[no-untyped-def]
    if reader == "our own":
        (machine / "dpkg-deb").unlink(missing_ok=True)
    (machine / "x.deb").write_bytes(deb(compressed(tiny)))
    apt(machine, download=f"cp {machine}/x.deb x-data_1_all.deb")
    steps: list[Step] = []
    assert fetch(tiny, steps) == tiny.contents
    first, second = (machine / "log").read_text().splitlines()
    assert first.split()[3].startswith(str(machine.parent / "goodfit-apt-"))
    assert first.endswith("apt.conf update")
    assert second.endswith("apt.conf download x-data")
    conf = (machine / "conf").read_text()
    for place in ("Dir::State ", "Dir::State::lists ", "Dir::State::status ", "Dir::Cache ", "Dir::Cache::archives "):
        (line,) = [line for line in conf.splitlines() if line.startswith(place)]
        assert f'"{machine.parent}/goodfit-apt-' in line
    assert "#clear APT::Update::Post-Invoke;" in conf
    assert ('APT::Sandbox::User "root"' in conf) == (os.geteuid() == 0)
    assert [path.name for path in machine.parent.iterdir()] == ["bin"]  # the temporary folder is gone
    assert steps[0].detail.startswith("apt-get update")
    assert steps[-1].detail == "unpacking x-data_1_all.deb"


def test_files_that_are_not_compressed_in_the_package(tiny, machine: Path) -> None:  # type: ignore[no-untyped-def]
    (machine / "x.deb").write_bytes(deb(dict(tiny.contents)))
    apt(machine, download=f"cp {machine}/x.deb x-data_1_all.deb")
    assert fetch(tiny) == tiny.contents


def test_only_root_gives_up_the_sandbox(tiny, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    for user in (0, 1000):
        monkeypatch.setattr(debian.os, "geteuid", lambda user=user: user)
        apt(machine)
        with pytest.raises(NotFoundHere, match="apt-get gave no x-data"):
            fetch(tiny)
        assert ("Sandbox" in (machine / "conf").read_text()) == (user == 0)


def test_a_source_that_fails_in_update_does_not_matter(tiny, machine: Path) -> None:  # type: ignore[no-untyped-def]
    (machine / "x.deb").write_bytes(deb(compressed(tiny)))
    apt(machine, update="echo 'E: some other repository'; exit 100", download=f"cp {machine}/x.deb x-data_1_all.deb")
    assert fetch(tiny) == tiny.contents


def test_apt_says_why(tiny, machine: Path) -> None:  # type: ignore[no-untyped-def]
    apt(machine, update="exit 7", download="echo 'W: no'; echo 'E: Unable to locate package x-data'; exit 100")
    message = r"apt-get update failed \(exit code 7\); apt-get download failed \(Unable to locate package x-data\)"
    with pytest.raises(NotFoundHere, match=message) as caught:
        fetch(tiny)
    assert caught.value.outcome == "failed"


def test_no_apt(tiny, machine: Path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(NotFoundHere, match="this system has no apt-get") as caught:
        fetch(tiny)
    assert caught.value.outcome == "missing"


def test_apt_that_cannot_be_run(tiny, machine: Path) -> None:  # type: ignore[no-untyped-def]
    (machine / "apt-get").write_text("#!/no/such/interpreter\n")
    (machine / "apt-get").chmod(0o755)
    with pytest.raises(NotFoundHere, match="x-data: No such file or directory"):
        fetch(tiny)


def test_apt_that_hangs_is_ended(tiny, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(debian, "UPDATE_TIMEOUT", 0.1)
    monkeypatch.setattr(debian, "POLL", 0.05)
    apt(machine, update="exec sleep 60", download="exit 1")
    with pytest.raises(NotFoundHere, match=r"apt-get update took more than 0\.1 s; apt-get download failed"):
        fetch(tiny)


def test_ctrl_c_ends_apt(tiny, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(debian, "POLL", 0.02)
    apt(machine, download="echo part > part; exec sleep 60")
    started: list[debian.subprocess.Popen[bytes]] = []
    popen = debian.subprocess.Popen

    def keep(*args, **options):  # type: ignore[no-untyped-def]
        started.append(popen(*args, **options))
        return started[-1]

    monkeypatch.setattr(debian.subprocess, "Popen", keep)

    def interrupt(step: Step) -> None:
        if step.fraction:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match=r"^$"):
        from_apt("x-data", FOLDER, tiny.files, 1000, Look("apt", interrupt))
    assert started[-1].poll() is not None
    assert [path.name for path in machine.parent.iterdir()] == ["bin"]


@pytest.mark.parametrize("reader", ["dpkg-deb", "our own"])
@pytest.mark.parametrize("package", [b"", b"!<arch>\n", b"not a package", "truncated"])
def test_broken_packages(tiny, machine: Path, reader: str, package: bytes | str) -> None:  # type: ignore[no-untyped-def]
    if reader == "our own":
        (machine / "dpkg-deb").unlink(missing_ok=True)
    content = deb(compressed(tiny))[:-2000] if isinstance(package, str) else package
    (machine / "x.deb").write_bytes(content)
    apt(machine, download=f"cp {machine}/x.deb x-data_1_all.deb")
    with pytest.raises(NotFoundHere, match="cannot be unpacked") as caught:
        fetch(tiny)
    assert caught.value.outcome == "wrong"


def test_a_package_with_a_wrong_file_or_without_one(tiny, machine: Path) -> None:  # type: ignore[no-untyped-def]
    apt(machine, download=f"cp {machine}/x.deb x-data_1_all.deb")
    (machine / "x.deb").write_bytes(deb(compressed(tiny, t1=b"other")))
    with pytest.raises(NotFoundHere, match=r"x-data_1_all.deb: t10k-images-idx3-ubyte is not the right file"):
        fetch(tiny)
    (machine / "x.deb").write_bytes(deb({}))
    with pytest.raises(NotFoundHere, match=r"the package has no file \./usr/share/x/train-images-idx3-ubyte"):
        fetch(tiny)


@pytest.mark.parametrize("kind", ["gz", "xz"])
def test_damage_inside_a_package(tiny, machine: Path, kind: str) -> None:  # type: ignore[no-untyped-def]
    (machine / "dpkg-deb").unlink(missing_ok=True)
    inner = gzip.decompress(tar(compressed(tiny)))
    packed = bytearray(gzip.compress(inner) if kind == "gz" else lzma.compress(inner))
    packed[len(packed) // 2 :] = bytes(len(packed) - len(packed) // 2)
    (machine / "x.deb").write_bytes(ar({f"data.tar.{kind}": bytes(packed)}))
    apt(machine, download=f"cp {machine}/x.deb x-data_1_all.deb")
    with pytest.raises(NotFoundHere, match="cannot be unpacked"):
        fetch(tiny)


def test_no_room_for_temporary_files(tiny, machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    apt(machine)
    monkeypatch.setattr(debian.tempfile, "tempdir", str(machine / "nowhere"))
    with pytest.raises(NotFoundHere, match="x-data: No such file or directory"):
        fetch(tiny)


def test_ar_by_hand() -> None:
    archive = ar({"odd": b"abc", "data.tar.xz": b"found", "data.tar.gz": b"second"})
    assert ar_member(archive, "data.tar") == b"found"
    with pytest.raises(ValueError, match="not an ar archive"):
        ar_member(b"PK", "data.tar")
    with pytest.raises(ValueError, match=r"no member data\.zip in the ar archive"):
        ar_member(archive, "data.zip")
    with pytest.raises(ValueError, match="truncated ar archive"):
        ar_member(archive[:135], "data.tar")


def test_files_that_vanish_while_they_are_counted(tmp_path: Path) -> None:
    (tmp_path / "gone").symlink_to(tmp_path / "nothing")
    (tmp_path / "there").write_bytes(b"123")
    assert debian._bytes_in(tmp_path) == 3
