"""A digest pins each image that Bowline names: a tag is moved at any time."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
FILES = ("Dockerfile", "docker-compose.yml", "deploy/**/*.y*ml", "docs/**/*.md")
NAMED = re.compile(
    r"^[ \t]*(?:- )?(?:FROM[ \t]+|image:[ \t]+|ARG BASE=)"
    r"(?P<name>[^\s@$:]+)(?P<rest>\S*)",
    re.MULTILINE,
)
PINNED = re.compile(r":[\w.-]+@sha256:[0-9a-f]{64}")


class Image(NamedTuple):
    name: str
    rest: str
    """Its tag and its digest."""


def images_in(root: Path) -> list[Image]:
    """Name each image of a file, other than Bowline's own, which no registry has."""
    return [
        Image(found["name"], found["rest"])
        for pattern in FILES
        for path in sorted(root.glob(pattern))
        for found in NAMED.finditer(path.read_text())
        if found["name"] != "bowline"
    ]


def test_a_digest_pins_each_image_of_bowline() -> None:
    """Each name has one tag and one digest, wherever it is."""
    images = images_in(ROOT)

    assert [image for image in images if not PINNED.fullmatch(image.rest)] == []
    names = sorted(image.name for image in {*images})
    assert names == ["nginx", "postgres", "python", "redis"]


def test_an_image_is_found_in_a_file_of_each_kind(tmp_path: Path) -> None:
    files = {
        "Dockerfile": "# FROM what is below\nARG BASE=python:3\nFROM $BASE\n",
        "docker-compose.yml": "  a:\n    image: bowline\n    image: redis:7@sha256:0\n",
        "deploy/kubernetes/web.yaml": "    - image: nginx\n",
        "docs/a.md": "```\nimage: nginx:1\n```\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    found = images_in(tmp_path)

    assert [*map("".join, found)] == [
        "python:3",
        "redis:7@sha256:0",
        "nginx",
        "nginx:1",
    ]
    assert not any(PINNED.fullmatch(image.rest) for image in found)
