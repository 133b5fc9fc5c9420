"""The container images that Bowline names: those without a digest, and their digests.

python -m script.images check    list the images that no digest pins
python -m script.images renew    ask their registries, and write the digests down

A tag is moved to another image at any time; a digest is one image forever. Both end
with 1 where something is left to do.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

USAGE = "Usage: python -m script.images check | renew"
OWN = {"bowline"}
"""Built here, so that no registry has them."""
FILES = ("Dockerfile", "docker-compose.yml", "deploy/**/*.y*ml", "docs/**/*.md")
NAMED = re.compile(
    r"^(?P<before>[ \t]*(?:- )?(?:FROM[ \t]+|image:[ \t]+|ARG BASE=))"
    r"(?P<image>[^\s@$]+)"
    r"(?:@(?P<digest>\S+))?",
    re.MULTILINE,
)
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
HUB = "registry-1.docker.io"
KINDS = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
"""An index first: its digest is the same for all architectures."""
CHALLENGE = re.compile(r'(\w+)="([^"]*)"')
PATIENCE = 30


class Found(NamedTuple):
    """An image as a file names it."""

    path: Path
    line: int
    image: str
    digest: str


class NoDigest(Exception):
    """A registry does not say which image a tag is; the message says why."""


def found(root: Path) -> Iterator[Found]:
    """Yield each image that a file names, but for Bowline's own."""
    for pattern in FILES:
        for path in sorted(root.glob(pattern)):
            text = path.read_text()
            for one in NAMED.finditer(text):
                if one["image"].partition(":")[0] not in OWN:
                    line = text.count("\n", 0, one.start()) + 1
                    yield Found(path, line, one["image"], one["digest"] or "")


def unpinned(root: Path) -> list[str]:
    return [
        f"{one.path.relative_to(root)}:{one.line}: {one.image}"
        for one in found(root)
        if not DIGEST.fullmatch(one.digest)
    ]


def manifest_url(image: str) -> str:
    """Say where a registry has the manifest of a name with its tag."""
    name, _, tag = image.rpartition(":")
    if not name or "/" in tag:
        raise NoDigest(f"{image} has no tag.")
    host, _, rest = name.partition("/")
    if not rest or not re.search(r"[.:]", host):
        host, rest = HUB, name if rest else f"library/{name}"
    scheme = "http" if host.startswith("127.0.0.1:") else "https"
    return f"{scheme}://{host}/v2/{rest}/manifests/{tag}"


def digest_of(image: str) -> str:
    """Ask the registry, with a token for anybody where it wants one."""
    url = manifest_url(image)
    try:
        headers = asked(url, "")
    except HTTPError as error:
        if error.code != 401:
            raise NoDigest(f"{image}: the registry answers {error.code}.") from error
        try:
            headers = asked(url, token(error.headers.get("WWW-Authenticate", "")))
        except (URLError, ValueError, KeyError) as again:
            raise NoDigest(f"{image}: the registry refuses: {again}.") from again
    except URLError as error:
        raise NoDigest(f"{image}: {error.reason}.") from error
    digest = headers.get("Docker-Content-Digest", "")
    if not DIGEST.fullmatch(digest):
        raise NoDigest(f"{image}: the registry gives no digest, but {digest!r}.")
    return digest


def asked(url: str, bearer: str) -> Mapping[str, str]:
    headers = {"Accept": ", ".join(KINDS)}
    if bearer:
        headers["Authorization"] = f"Bearer {bearer}"
    request = Request(url, headers=headers, method="HEAD")
    with urlopen(request, timeout=PATIENCE) as answer:
        given: Mapping[str, str] = answer.headers
        return given


def token(challenge: str) -> str:
    """Get the token that a registry's challenge says how to get."""
    said = dict(CHALLENGE.findall(challenge))
    query = {name: said[name] for name in ("service", "scope") if name in said}
    realm = said["realm"]
    if not realm.startswith(("https://", "http://127.0.0.1:")):
        raise ValueError(f"it sends to {realm} for a token")
    with urlopen(f"{realm}?{urlencode(query)}", timeout=PATIENCE) as answer:
        given = json.load(answer)
    return str(given.get("token") or given["access_token"])


def renew(root: Path) -> list[str]:
    """Pin each image to what its tag is now; return why some could not be."""
    digests: dict[str, str] = {}
    reasons: list[str] = []
    for image in dict.fromkeys(one.image for one in found(root)):
        try:
            digests[image] = digest_of(image)
        except NoDigest as error:
            reasons.append(str(error))

    def pinned(one: re.Match[str]) -> str:
        digest = digests.get(one["image"])
        return f"{one['before']}{one['image']}@{digest}" if digest else one[0]

    for path in {one.path for one in found(root)}:
        text = path.read_text()
        if (new := NAMED.sub(pinned, text)) != text:
            path.write_text(new)
    return reasons


def main(words: list[str], root: Path) -> int:
    match words:
        case ["check"]:
            left = unpinned(root)
        case ["renew"]:
            left = renew(root)
        case _:
            sys.exit(USAGE)
    print("\n".join(left) or "A digest pins every image.")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], Path.cwd()))
