"""A bundle's files as a tree of folders, of which few are open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import NamedTuple


class Leaf(NamedTuple):
    name: str
    path: str


class Folder(NamedTuple):
    name: str
    total: int
    """Files in it, at any depth."""
    is_open: bool
    files: tuple[Leaf, ...]
    folders: tuple[Folder, ...]


def tree(paths: Sequence[str], current: str, most: int) -> Folder:
    """Lay out the first paths; open the first folder, and those of the current file.

    What a folder counts are all its files, laid out or not.
    """
    counts = Counter(folder for path in paths for folder in folders_of(path))
    shown = sorted(paths, key=lambda path: ("/" in path, path))[:most]
    first = [f"{path.split('/')[0]}/" for path in shown if "/" in path][:1]
    return folder("", shown, counts, {*first, *folders_of(current)})


def folders_of(path: str) -> list[str]:
    parents = [str(parent) for parent in PurePosixPath(path).parents]
    return [f"{parent}/" for parent in parents if parent != "."]


def folder(
    place: str, paths: Iterable[str], counts: Counter[str], opened: set[str]
) -> Folder:
    inside = [path for path in paths if path.startswith(place)]
    leaves = [path for path in inside if "/" not in path[len(place) :]]
    names = dict.fromkeys(
        path[len(place) :].split("/")[0] for path in inside if path not in leaves
    )
    return Folder(
        name=PurePosixPath(place).name,
        total=counts[place],
        is_open=place in opened,
        files=tuple(Leaf(PurePosixPath(path).name, path) for path in leaves),
        folders=tuple(
            folder(f"{place}{name}/", inside, counts, opened) for name in names
        ),
    )
