"""The paths of an app that are open to everybody, as its developer names them."""

from __future__ import annotations

from collections.abc import Iterable

_DOUBTFUL = ("//", "\\", "/.", "%", ";", "\0")
"""What some frameworks read as another path than it is written: nothing of that kind is open."""


class OpenPaths:
    """A path as it is routed, or everything below one that ends in `/*`.

    >>> paths = OpenPaths(["/health", "/static/*"])
    >>> paths.has("/health"), paths.has("/health/"), paths.has("/static/a.css"), paths.has("/static/../orders")
    (True, False, True, False)

    Raises:
        ValueError: one of them is no path.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        given = (paths,) if isinstance(paths, str) else tuple(paths)
        for path in given:
            if not path.startswith("/"):
                raise ValueError(f"{path!r} is no path of the app: one begins with a slash")
        self._below = tuple(path[:-1] for path in given if path.endswith("/*"))
        self._exact = frozenset(path for path in given if not path.endswith("/*"))

    def has(self, path: str) -> bool:
        """Whether everybody may pass there."""
        if path in self._exact:
            return True
        return path.startswith(self._below) and not any(each in path for each in _DOUBTFUL)
