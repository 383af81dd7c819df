"""Fetches the files that tools/vendor.toml names, checks the package's sha512, and writes them into the tree.

It asks npm, which has to be installed; running the project never needs it.
"""

from __future__ import annotations

import base64
import hashlib
import subprocess
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TABLE = ROOT / "tools" / "vendor.toml"


def main() -> None:
    for package in packages():
        with tempfile.TemporaryDirectory() as folder:
            fetch(package, Path(folder))


def packages() -> list[dict[str, Any]]:
    """What the table says: packages with their version, integrity and files."""
    found: list[dict[str, Any]] = tomllib.loads(TABLE.read_text())["package"]
    return found


def fetch(package: dict[str, Any], folder: Path) -> None:
    wanted = f"{package['name']}@{package['version']}"
    subprocess.run(["npm", "pack", "--silent", wanted], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    [archive] = folder.glob("*.tgz")
    if (
        package["integrity"]
        != "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    ):
        raise SystemExit(f"{wanted} is not what tools/vendor.toml says it is; nothing was written.")
    with tarfile.open(archive) as files:
        for file in package["file"]:
            member = files.extractfile(f"package/{file['from']}")
            assert member is not None
            write(ROOT / file["to"], member.read(), file["sha384"])


def write(target: Path, content: bytes, expected: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    found = hashlib.sha384(content).hexdigest()
    print(f"{target.relative_to(ROOT)}  {'as written' if found == expected else 'sha384 = ' + found}")


if __name__ == "__main__":
    main()
