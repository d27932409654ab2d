"""Files out of a Debian package, fetched by apt without root and without touching the system's own state.

`apt-get update` and `apt-get download` run on a temporary folder: package lists, archives and status all lie there.
The hooks of the system's configuration are cleared, since some (Docker's images have one) delete the system's archives.
"""

import contextlib
import io
import lzma
import os
import shutil
import subprocess
import tarfile
import tempfile
import time
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path

from goodfit.data.sources import Contents, FileSpec, Look, NotFoundHere, checked
from goodfit.leaving import on_leaving
from goodfit.reading import read_bytes

UPDATE_TIMEOUT = 180.0  # seconds for the package lists, some 10 MB
DOWNLOAD_TIMEOUT = 900.0  # seconds for the package
POLL = 0.2  # seconds between two looks at how much has come
AR_MAGIC = b"!<arch>\n"
AR_HEADER = 60  # bytes before each member of an ar archive: name 16, ..., size at 48 (10), end mark at 58

CONFIGURATION = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::State "{root}/state/";
Dir::State::lists "{root}/state/lists/";
Dir::State::status "{root}/state/status";
Dir::Cache "{root}/cache/";
Dir::Cache::archives "{root}/cache/archives/";
Dir::Cache::pkgcache "";
Dir::Cache::srcpkgcache "";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "10";
Acquire::https::Timeout "10";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled "false";
{sandbox}"""
SANDBOX = 'APT::Sandbox::User "root";\n'
"""Only as root: apt would give up root for a user of its own, who may not enter our folder, and who does not exist in
many containers. What comes is checked twice all the same: by apt's signatures, and by SHA-256."""


def from_apt(package: str, folder: str, files: Sequence[FileSpec], size: int, look: Look) -> Contents:
    """The files in a Debian package, which is fetched from the machine's own apt sources and not installed.

    package: its name; folder: where the files lie in it, without the leading "/"; size: of the
    package in bytes, roughly, for the progress. Raises NotFoundHere, with apt's own words, if apt does not deliver.
    """
    if shutil.which("apt-get") is None:
        raise NotFoundHere("missing", "this system has no apt-get")
    try:
        with (
            tempfile.TemporaryDirectory(prefix="goodfit-apt-", ignore_cleanup_errors=True) as root,
            on_leaving(lambda: shutil.rmtree(root, ignore_errors=True)),
        ):
            archive = _download(package, Path(root), size, look)
            look.tell(f"unpacking {archive.name}", None)
            return _unpack(archive, folder, files)
    except OSError as error:  # no room for temporary files, or a command that cannot be run
        raise NotFoundHere("failed", f"{package}: {error.strerror or error}") from error


def _download(package: str, root: Path, size: int, look: Look) -> Path:
    """Update private package lists, then download the package; the path of the .deb."""
    for name in ("state/lists/partial", "cache/archives/partial", "out"):
        (root / name).mkdir(parents=True)
    (root / "state/status").touch()
    sandbox = SANDBOX if hasattr(os, "geteuid") and os.geteuid() == 0 else ""
    (root / "apt.conf").write_text(CONFIGURATION.format(root=root, sandbox=sandbox), "utf-8")
    apt = ["apt-get", "-q", "-y", "-c", str(root / "apt.conf")]
    look.tell("apt-get update, into a folder of goodfit's own", None)
    update = _run([*apt, "update"], root, UPDATE_TIMEOUT)
    what = f"apt-get download {package}"
    look.tell(what, 0.0)
    fault = _run(
        [*apt, "download", package], root / "out", DOWNLOAD_TIMEOUT, watch=lambda n: look.tell(what, min(1.0, n / size))
    )
    found = sorted((root / "out").glob(f"{package}_*.deb"))
    if not found:  # some source of the system may fail in `update` without harm, so only this decides
        raise NotFoundHere(
            "failed", "; ".join(text for text in (update, fault) if text) or f"apt-get gave no {package}"
        )
    return found[0]


def _run(command: list[str], folder: Path, timeout: float, watch: Callable[[int], None] | None = None) -> str:
    """Run a command in a folder; "" if it went well, or else its name and its last words.

    watch: called now and then with the bytes that lie in the folder.
    """
    name = f"{command[0]} {next(word for word in command if word in ('update', 'download'))}"
    deadline = time.monotonic() + timeout
    with tempfile.TemporaryFile() as said:
        environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
        process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, env=environment
        )
        try:
            with on_leaving(process.kill):
                while process.poll() is None:
                    if time.monotonic() > deadline:
                        return f"{name} took more than {timeout:g} s"
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        process.wait(POLL)
                    if watch is not None:
                        watch(_bytes_in(folder))
        finally:  # also when a progress callback raises, or on Ctrl-C
            if process.poll() is None:
                process.kill()
                process.wait()
        if process.returncode == 0:
            return ""
        said.seek(0)
        lines = [line for line in said.read().decode(errors="replace").splitlines() if line.startswith("E:")]
        return f"{name} failed ({lines[-1][2:].strip() if lines else f'exit code {process.returncode}'})"


def _bytes_in(folder: Path) -> int:
    size = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # apt renames its part files
            size += path.stat().st_size
    return size


def _unpack(archive: Path, folder: str, files: Sequence[FileSpec]) -> Contents:
    """The files, checked, straight out of the archive: nothing is written, so no path in it can lead astray."""
    contents: Contents = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(_tar_bytes(archive)), mode="r:*") as tar:
            for spec in files:
                contents[spec.name] = checked(
                    _member(tar, f"./{folder}/{spec.name}"), spec, f"{archive.name}: {spec.name}"
                )
    except (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, ValueError) as error:
        raise NotFoundHere("wrong", f"{archive.name} cannot be unpacked ({error})") from error
    return contents


def _member(tar: tarfile.TarFile, path: str) -> bytes:
    for name in (path, f"{path}.gz"):
        with contextlib.suppress(KeyError):
            file = tar.extractfile(name)
            if file is not None:
                return file.read()
    raise NotFoundHere("wrong", f"the package has no file {path}")


def _tar_bytes(archive: Path) -> bytes:
    """The package's file tree as a tar archive: by dpkg-deb, or by our own reader where there is none."""
    if shutil.which("dpkg-deb") is None:
        return ar_member(read_bytes(archive), "data.tar")
    result = subprocess.run(["dpkg-deb", "--fsys-tarfile", str(archive)], capture_output=True, check=False)
    if result.returncode != 0:
        raise ValueError(result.stderr.decode(errors="replace").strip() or "dpkg-deb failed")
    return result.stdout


def ar_member(content: bytes, prefix: str) -> bytes:
    """The first member of an ar archive whose name begins with `prefix`; ValueError if there is none.

    Source: deb(5), and ar(5) for the header of 60 bytes.
    """
    if not content.startswith(AR_MAGIC):
        raise ValueError("not an ar archive")
    at = len(AR_MAGIC)
    while at + AR_HEADER <= len(content):
        header = content[at : at + AR_HEADER]
        size = int(header[48:58])
        at += AR_HEADER
        if header[:16].decode("ascii", "replace").strip().startswith(prefix):
            if at + size > len(content):
                raise ValueError("truncated ar archive")
            return content[at : at + size]
        at += size + size % 2
    raise ValueError(f"no member {prefix} in the ar archive")
