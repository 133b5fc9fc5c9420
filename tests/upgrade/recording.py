"""`python -m tests.upgrade.recording VERSION`: record a database of this version.

It holds what people and workers left, for test_upgrade.py to upgrade. The files of the
emulated AWS are next to it, and so are the queries of this version's pages and workers.
Each release adds one, with its own code.
"""

from __future__ import annotations

import io
import lzma
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from tempfile import TemporaryDirectory

from script.emulated_organization import seed
from script.servers import emulated_aws, postgresql
from tests.upgrade import on_postgresql, on_sqlite

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "tests" / "data" / "upgrade"
QUERIES = "from tests.upgrade.after import tell_queries; tell_queries()"
STORY = "from tests.upgrade.story import tell; tell({!r})"
ENVIRONMENT = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "DEBUG": "true",  # static files are not collected
    "DJANGO_SETTINGS_MODULE": "bowline.settings",
    "HTTPS": "false",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "only-for-tests-and-never-for-a-site",
    "SPINNAKER_ALLOWED_NETWORKS": "127.0.0.0/8",
    "SPINNAKER_ALLOW_HTTP": "true",
}


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command of Bowline, whatever the shell holds."""
    kept = {name: os.environ[name] for name in ("HOME", "PATH") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env=kept | ENVIRONMENT | environment,
        capture_output=True,
        text=True,
    )


def managed(*arguments: str, **environment: str) -> str:
    """Run it and return what it printed, or fail with why it failed."""
    done = manage(*arguments, **environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def record(version: str) -> None:
    folder = RECORDED / version
    folder.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix="bowline-recording-") as work:
        state, url = Path(work, "aws"), f"sqlite:///{work}/bowline.sqlite3"
        managed("migrate", "--verbosity=0", DATABASE_URL=url)
        with emulated_aws(state) as endpoint:
            environment = seed(endpoint).environment
            story = STORY.format(str(folder))
            managed("shell", "-c", story, DATABASE_URL=url, WORK=work, **environment)
        write(folder / "aws.tar.xz", archived(state))
        write(folder / "sqlite.sql.xz", on_sqlite.dump(url))
        with postgresql() as new, emulated_aws(state) as endpoint:
            managed("migrate", "--verbosity=0", DATABASE_URL=new)
            on_postgresql.copy_from_sqlite(url, new)
            write(folder / "postgresql.sql.xz", on_postgresql.dump(new))
            environment = seed(endpoint).environment
            queries = managed("shell", "-c", QUERIES, DATABASE_URL=new, **environment)
            write(folder / "queries.json.xz", queries.splitlines()[-1].encode())


def archived(state: Path) -> bytes:
    """Return the emulator's files, without its log, as an archive."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        for path in sorted(state.iterdir()):
            if path.suffix != ".log":
                tar.add(path, path.name)
    return archive.getvalue()


def write(file: Path, content: bytes) -> None:
    file.write_bytes(lzma.compress(content, preset=9 | lzma.PRESET_EXTREME))


if __name__ == "__main__":
    record(sys.argv[1])
