"""Says which links and pictures in the Markdown of the project lead nowhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def main() -> None:
    broken = [f"{page.relative_to(ROOT)}: {link}" for page in pages() for link in dead_links(page)]
    if broken:
        raise SystemExit("These lead nowhere:\n  " + "\n  ".join(broken))


def pages() -> Iterator[Path]:
    yield from sorted(ROOT.glob("*.md"))
    for folder in ("docs", "bench"):
        yield from sorted((ROOT / folder).rglob("*.md"))


def dead_links(page: Path) -> Iterator[str]:
    """Only what leads to a file or heading of the project; other people's sites are not asked."""
    for link in LINK.findall(page.read_text()):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, heading = link.partition("#")
        target = (page.parent / path) if path else page
        if not target.exists() or (heading and target.suffix == ".md" and heading not in anchors(target)):
            yield link


def anchors(page: Path) -> set[str]:
    """The names that headings get: small letters, hyphens for spaces, nothing else."""
    said = HEADING.findall(page.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in said}


if __name__ == "__main__":
    main()
