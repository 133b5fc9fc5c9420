"""Images and their digests, asked of a small registry on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from script.images import NoDigest, digest_of, found, main, manifest_url, unpinned

ROOT = Path(__file__).parents[2]
DIGEST = f"sha256:{'0a' * 32}"
OLD = f"sha256:{'1b' * 32}"


class Registry(BaseHTTPRequestHandler):
    """Gives one digest to whoever fetched a token for it."""

    digest: ClassVar[str] = DIGEST
    realm: ClassVar[str] = ""
    accepted: ClassVar[list[str]] = []

    def do_HEAD(self) -> None:
        if self.path != "/v2/tools/nginx/manifests/1.28":
            return self.say(404)
        if self.headers.get("Authorization") != "Bearer of-nginx":
            scope = 'service="here",scope="repository:tools/nginx:pull"'
            return self.say(
                401, ("WWW-Authenticate", f'Bearer realm="{self.realm}",{scope}')
            )
        self.accepted.append(self.headers["Accept"])
        return self.say(200, ("Docker-Content-Digest", self.digest))

    def do_GET(self) -> None:
        asked_for = "/token?service=here&scope=repository%3Atools%2Fnginx%3Apull"
        self.say(200 if self.path == asked_for else 403)
        self.wfile.write(json.dumps({"token": "of-nginx"}).encode())

    def say(self, status: int, *headers: tuple[str, str]) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def registry(**said: str) -> Iterator[str]:
    kind: Any = type("Said", (Registry,), said)
    with ThreadingHTTPServer(("127.0.0.1", 0), kind) as server:
        host = f"127.0.0.1:{server.server_address[1]}"
        kind.realm = kind.realm or f"http://{host}/token"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield host
        finally:
            server.shutdown()
            thread.join()


def write(root: Path, image: str) -> dict[Path, str]:
    """Name the image in files of each kind, next to Bowline's own."""
    files = {
        root / "Dockerfile": f"# FROM what is below\nARG BASE={image}\nFROM $BASE\n",
        root / "docker-compose.yml": f"  a:\n    image: bowline\n    image: {image}\n",
        root / "deploy/kubernetes/web.yaml": f"    - image: {image}\n",
        root / "docs/a.md": f"```\nimage: {image}\n```\n",
    }
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return files


@pytest.mark.parametrize("since", ["", f"@{OLD}"])
def test_each_image_is_pinned_to_what_its_tag_is(
    tmp_path: Path, since: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with registry() as host:
        image = f"{host}/tools/nginx:1.28"
        files = write(tmp_path, image + since)

        assert main(["renew"], tmp_path) == 0

        for path, text in files.items():
            assert path.read_text() == text.replace(image + since, f"{image}@{DIGEST}")
    assert main(["check"], tmp_path) == 0
    assert capsys.readouterr().out == "A digest pins every image.\n" * 2


def test_an_index_of_all_architectures_is_asked_for() -> None:
    Registry.accepted.clear()
    with registry() as host:
        digest_of(f"{host}/tools/nginx:1.28")

    (accepted,) = Registry.accepted
    assert accepted.startswith("application/vnd.oci.image.index.v1+json, ")


@pytest.mark.parametrize(
    ("image", "said", "reason"),
    [
        ("tools/other:1.28", {}, "answers 404"),
        ("tools/nginx", {}, "has no tag"),
        ("tools/nginx:1.28", {"digest": "sha256:0"}, "gives no digest, but 'sha256:0'"),
        ("tools/nginx:1.28", {"realm": "http://evil.example/"}, "for a token"),
    ],
)
def test_without_a_digest_nothing_is_written(
    tmp_path: Path,
    image: str,
    said: dict[str, str],
    reason: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with registry(**said) as host:
        files = write(tmp_path, f"{host}/{image}")

        assert main(["renew"], tmp_path) == 1

    assert reason in capsys.readouterr().out
    assert all(path.read_text() == text for path, text in files.items())


def test_a_registry_that_is_not_there_is_a_sentence() -> None:
    with pytest.raises(NoDigest, match="refused"):
        digest_of("127.0.0.1:1/tools/nginx:1.28")


def test_check_lists_each_image_that_no_digest_pins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, "nginx:1.28")

    assert main(["check"], tmp_path) == 1

    assert capsys.readouterr().out.splitlines() == [
        "Dockerfile:2: nginx:1.28",
        "docker-compose.yml:3: nginx:1.28",
        "deploy/kubernetes/web.yaml:1: nginx:1.28",
        "docs/a.md:2: nginx:1.28",
    ]
    write(tmp_path, "nginx:1.28@sha256:short")
    assert len(unpinned(tmp_path)) == 4


@pytest.mark.parametrize(
    ("image", "url"),
    [
        ("redis:7", "https://registry-1.docker.io/v2/library/redis/manifests/7"),
        ("a/b:1", "https://registry-1.docker.io/v2/a/b/manifests/1"),
        ("ghcr.io/a/b:1", "https://ghcr.io/v2/a/b/manifests/1"),
    ],
)
def test_names_lead_to_their_registry(image: str, url: str) -> None:
    assert manifest_url(image) == url


def test_a_digest_pins_each_image_of_bowline() -> None:
    """Each name has one tag and one digest, wherever it is."""
    assert unpinned(ROOT) == []
    images = {(one.image, one.digest) for one in found(ROOT)}
    names = sorted(image.partition(":")[0] for image, _ in images)
    assert names == ["nginx", "postgres", "python", "redis"]


def test_other_words_are_no_command() -> None:
    with pytest.raises(SystemExit, match="Usage"):
        main([], ROOT)
