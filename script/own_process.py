"""A part of a benchmark in a process of its own, with its own empty site."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import Any

from script.servers import postgresql


def in_a_process(module: str, *arguments: str, **environment: str) -> Any:
    """Run the module of this package on a new PostgreSQL; return what it prints, which
    is JSON.
    """
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
        answer = subprocess.run(
            [sys.executable, "-m", f"script.{module}", *arguments],
            env=os.environ | settings | environment,
            check=True,
            stdout=subprocess.PIPE,
        )
    return json.loads(answer.stdout)
