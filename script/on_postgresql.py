"""Run a command with the DATABASE_URL of a PostgreSQL that lives as long as it."""

from __future__ import annotations

import os
import subprocess
import sys

from script.servers import postgresql

if __name__ == "__main__":
    with postgresql() as url:
        environment = os.environ | {"DATABASE_URL": url}
        sys.exit(subprocess.run(sys.argv[1:], env=environment).returncode)
