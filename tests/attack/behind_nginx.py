"""The site as it is deployed: gunicorn, and nginx with the shipped configuration."""

from __future__ import annotations

import os
import re
import shutil
import socket
import sqlite3
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPSConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlencode

import pytest
from django.db import connection

from script.servers import LOOPBACK, answers, free_port, listens, serving

ROOT = Path(__file__).parent.parent.parent
DEPLOY = ROOT / "deploy"
NAME = "bowline.example.com"
CLIENT = "127.0.0.2"
"""Loopback as well, and not the proxy's address."""
METRICS_TOKEN = "a-token-of-prometheus"
UNPRIVILEGED = "nobody" if os.geteuid() == 0 else None


class Front(NamedTuple):
    http: int
    https: int
    upstream: str
    folder: Path
    """Where the logs are."""

    def connect(self, *, client: str = CLIENT) -> ssl.SSLSocket:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        plain = socket.create_connection(
            (LOOPBACK, self.https), timeout=30, source_address=(client, 0)
        )
        return context.wrap_socket(plain, server_hostname=NAME)

    def ask(
        self, path: str, form: dict[str, str] | None = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        """Send a whole request, as a form if there is one."""
        asking = HTTPSConnection(NAME)
        asking.sock = self.connect()
        with closing(asking):
            body = urlencode(form) if form else None
            kind = "application/x-www-form-urlencoded"
            asking.request(
                "POST" if form else "GET",
                path,
                body,
                {"Content-Type": kind, "Referer": f"https://{NAME}/", **headers},
            )
            answer = asking.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read().decode()

    def statuses(self, client: str, *paths: str) -> list[int]:
        """Ask for one after the other from an address, in one connection."""
        asking = HTTPSConnection(NAME)
        asking.sock = self.connect(client=client)
        found = []
        with closing(asking):
            for path in paths:
                asking.request("GET", path)
                answer = asking.getresponse()
                answer.read()
                found.append(answer.status)
        return found


@pytest.fixture(scope="module")
def nginx() -> str:
    """Find nginx. Where there is none, skip; in CI, fail."""
    found = shutil.which("nginx") or shutil.which("/usr/sbin/nginx")
    if found and shutil.which("openssl"):
        return found
    missing = "nginx or openssl is missing. On Debian: apt-get install nginx-light"
    if os.environ.get("CI") == "true":
        pytest.fail(missing)
    pytest.skip(missing)


@pytest.fixture(scope="module")
def site_behind_nginx(nginx: str, django_db_setup: None) -> Iterator[Front]:
    """Run gunicorn as its image does, with few threads, and nginx before it.

    nginx is not root, as in its container, so its folder is all that it can write to.
    """
    with TemporaryDirectory(prefix="bowline-front-") as name, ExitStack() as servers:
        folder = Path(name)
        copy_database(folder / "bowline.sqlite3")
        front = Front(free_port(), free_port(), f"{LOOPBACK}:{free_port()}", folder)
        subprocess.run(
            [DEPLOY / "self-signed-certificate", NAME, folder / "tls"],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        template = (DEPLOY / "nginx.conf.template").read_text()
        configuration = folder / "nginx.conf"
        configuration.write_text(
            filled_in(
                # A slow machine reaches this limit as well.
                template.replace("rate=5r/s", "rate=1r/m"),
                BOWLINE_LISTEN_HTTP=f"{LOOPBACK}:{front.http}",
                BOWLINE_LISTEN_HTTPS=f"{LOOPBACK}:{front.https}",
                BOWLINE_NGINX_FOLDER=name,
                BOWLINE_TLS_FOLDER=str(folder / "tls"),
                BOWLINE_UPSTREAM=front.upstream,
            )
        )
        # nginx opens /dev/stdout, so the file behind it must be its own.
        (folder / "nginx.log").touch()
        if UNPRIVILEGED:
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, UNPRIVILEGED)
        gunicorn = [sys.executable, "-m", "gunicorn", "bowline.wsgi", "--config"]
        servers.enter_context(
            serving(
                [
                    *(*gunicorn, str(DEPLOY / "gunicorn.conf.py")),
                    *("--bind", front.upstream, "--access-logfile", "-"),
                ],
                environment={
                    **os.environ,
                    "ALLOWED_HOSTS": NAME,
                    "DATABASE_URL": f"sqlite:///{folder / 'bowline.sqlite3'}",
                    # Static files where they are, not collected.
                    "DEBUG": "true",
                    "DJANGO_SETTINGS_MODULE": "bowline.settings",
                    "HTTPS": "true",
                    "METRICS_TOKEN": METRICS_TOKEN,
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "TMPDIR": name,
                    "TRUSTED_PROXIES": LOOPBACK,
                    "WEB_THREADS": "4",
                },
                log=folder / "gunicorn.log",
                ready=lambda: answers(f"http://{front.upstream}/healthz"),
            )
        )
        servers.enter_context(
            serving(
                [nginx, "-e", "stderr", "-c", str(configuration), "-g", "daemon off;"],
                environment=os.environ,
                log=folder / "nginx.log",
                user=UNPRIVILEGED,
                ready=lambda: listens(front.https),
            )
        )
        yield front


def copy_database(file: Path) -> None:
    """Copy the tests' database, which has its tables and no rows."""
    with (
        closing(sqlite3.connect(connection.settings_dict["NAME"])) as tests,
        closing(sqlite3.connect(file)) as copy,
    ):
        tests.backup(copy)


def filled_in(template: str, **values: str) -> str:
    """Do what nginx's image does with NGINX_ENVSUBST_FILTER=^BOWLINE_."""
    return re.sub(r"\$\{(BOWLINE_\w+)\}", lambda name: values[name[1]], template)
