"""Builds the wheel and the source distribution into dist/, and checks both: `make dist`.

The wheel is built from the source distribution, in an environment of its own, so that the latter is known to suffice.
"""

from __future__ import annotations

import email
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping
from email.message import Message
from pathlib import Path, PurePosixPath

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
NEEDED = {"Name", "Version", "Summary", "Author", "License-Expression", "License-File", "Keywords", "Requires-Python"}
MOST_BYTES = 4_000_000  # of the wheel: more is something that does not belong there
STRAY = re.compile(r"(^|/)(__pycache__|\.[^/]+_cache|\.venv|\.git|node_modules)/|\.(pyc|orig|rej|part|swp)$")
SOURCE_PARTS = {"src", "tests", "docs", "benchmarks", "tools", ".github"}


def build() -> tuple[Path, Path]:
    """The wheel and the source distribution, built anew."""
    shutil.rmtree(DIST, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "build", "--outdir", str(DIST), str(ROOT)], check=True)
    (wheel,), (source,) = DIST.glob("*.whl"), DIST.glob("*.tar.gz")
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", str(wheel), str(source)], check=True)
    return wheel, source


def package_files(package: Path) -> set[str]:
    """Every file of the package on disk, by its path in a wheel."""
    found = (path.relative_to(package.parent).as_posix() for path in package.rglob("*") if path.is_file())
    return {name for name in found if not STRAY.search(name)}


def wheel_faults(names: Iterable[str], on_disk: set[str], metadata: Message) -> list[str]:
    """What is wrong with a wheel: files that it lacks or should not have, and metadata."""
    inside = {name for name in names if ".dist-info/" not in name}
    faults = [f"the wheel lacks {name}" for name in sorted(on_disk - inside)]
    faults += [f"the wheel should not have {name}" for name in sorted(inside - on_disk)]
    faults += [f"the metadata lack {name}" for name in sorted(NEEDED - set(metadata.keys()))]
    classifiers = metadata.get_all("Classifier", [])
    if any(each.startswith("License ::") for each in classifiers):
        faults.append("the licence stands in a classifier; it is an SPDX expression already")
    if "goodfit/py.typed" not in inside:
        faults.append("the wheel lacks py.typed")
    return faults


def source_faults(names: Iterable[str], on_disk: set[str]) -> list[str]:
    """What is wrong with a source distribution; its names begin with a folder of its own."""
    inside = {PurePosixPath(name).relative_to(PurePosixPath(name).parts[0]).as_posix() for name in names}
    faults = [f"the source distribution lacks src/{name}" for name in sorted(on_disk) if f"src/{name}" not in inside]
    wanted = (
        "LICENSE",
        "README.md",
        "CHANGELOG.md",
        "pyproject.toml",
        "constraints.txt",
        "Makefile",
        "tests/conftest.py",
    )
    faults += [f"the source distribution lacks {name}" for name in wanted if name not in inside]
    faults += [f"the source distribution should not have {name}" for name in sorted(inside) if STRAY.search(name)]
    tops = {PurePosixPath(name).parts[0] for name in inside if "/" in name}
    return faults + [f"the source distribution should not have {name}/" for name in sorted(tops - SOURCE_PARTS)]


def listing(sizes: Mapping[str, int]) -> str:
    """Files and bytes of each part of a wheel, and its largest files."""
    files, total = Counter[str](), Counter[str]()
    for name, size in sizes.items():
        part = "/".join(name.split("/")[:2]) if name.count("/") > 1 else name.split("/")[0]
        files[part] += 1
        total[part] += size
    lines = [f"{total[part]:>10,} bytes {files[part]:>4} files  {part}" for part, _ in total.most_common()]
    largest = sorted(sizes, key=lambda name: -sizes[name])[:5]
    lines += [f"largest: {sizes[name]:,} bytes {name}" for name in largest]
    return "\n".join(lines)


def main() -> None:
    """Build, check, and print what is inside."""
    wheel, source = build()
    on_disk = package_files(ROOT / "src" / "goodfit")
    with zipfile.ZipFile(wheel) as archive:
        sizes = {each.filename: each.file_size for each in archive.infolist()}
        (place,) = (name for name in sizes if name.endswith(".dist-info/METADATA"))
        faults = wheel_faults(sizes, on_disk, email.message_from_bytes(archive.read(place)))
    with tarfile.open(source) as archive_of_sources:
        faults += source_faults((each.name for each in archive_of_sources if each.isfile()), on_disk)
    if wheel.stat().st_size > MOST_BYTES:
        faults.append(f"the wheel has {wheel.stat().st_size:,} bytes, more than {MOST_BYTES:,}")
    print(listing(sizes))
    print(*(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes" for path in (wheel, source)), sep="\n")
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
