"""A part of a benchmark in a process of its own, also with its own empty site."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import Any

from script.servers import postgresql


def answered(module: str, *arguments: str, **environment: str) -> Any:
    """Run the module of this package; return what it prints last, a line of JSON."""
    answer = subprocess.run(
        [sys.executable, "-m", f"script.{module}", *arguments],
        env=os.environ | environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return json.loads(answer.stdout.splitlines()[-1])


def in_a_process(module: str, *arguments: str, **environment: str) -> Any:
    """Do the same on a new PostgreSQL."""
    with postgresql() as url, TemporaryDirectory(prefix="bowline-static-") as static:
        settings = {
            "DATABASE_URL": url,
            "DJANGO_SETTINGS_MODULE": "bowline.settings",
            "SECRET_KEY": "only-for-a-benchmark",
            "ALLOWED_HOSTS": "testserver",
            "HTTPS": "false",
            "LOG_LEVEL": "WARNING",
            "STATIC_ROOT": static,
        }
        return answered(module, *arguments, **settings | environment)
