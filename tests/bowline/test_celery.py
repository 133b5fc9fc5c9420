"""What a worker's process imports before it takes its first run."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
from bowline.celery import app
app.loader.import_default_modules()
assert "accounts.tasks" in sys.modules
late = ("accounts.api.api", "accounts.web.urls")
print([name for name in late if name in sys.modules])
"""


def test_a_worker_starts_without_the_pages_and_the_api() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )

    assert done.stdout == "[]\n"
