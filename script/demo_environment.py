"""The demo's environment: its ports, its key, and Bowline's credentials in AWS.

The emulated organization is made at the first start; the emulator keeps it.
"""

from __future__ import annotations

import math
import os
import secrets
from pathlib import Path

from script.emulated_members import write_members
from script.emulated_organization import keep, seed
from script.servers import LOOPBACK, emulated_aws, free_port

VAR = Path("var").resolve()
PREFERRED = {"WEB_PORT": 8000, "AWS_PORT": 4566, "BROKER_PORT": 6379}


def chosen_port(name: str, preferred: int) -> int:
    port = free_port(preferred)
    if port != preferred:
        what = name.removesuffix("_PORT").lower()
        print(f"Port {preferred} is busy, so {what} uses {port}.")
    return port


def secret_key() -> str:
    """Read the key that signs sessions, made once: signing in outlives a restart."""
    kept = VAR / "secret-key"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(50))
    return kept.read_text()


def credentials() -> dict[str, str]:
    """Read Bowline's credentials; at the first start, make the organization first."""
    aws, kept = VAR / "aws", VAR / "aws.env"
    if not kept.exists():
        print("Making an organization in the emulated AWS (once) ...")
        write_members(aws)
        with emulated_aws(aws, patience=math.inf) as endpoint:
            keep(seed(endpoint), kept)
    lines = kept.read_text().splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def demo_environment() -> dict[str, str]:
    (VAR / "broker").mkdir(exist_ok=True)
    ports = {name: chosen_port(name, port) for name, port in PREFERRED.items()}
    return {
        **os.environ,
        **credentials(),
        **{name: str(port) for name, port in ports.items()},
        "AWS_CONFIG_FILE": os.devnull,
        # Whatever it was when the organization was made, the port is today's.
        "AWS_ENDPOINT_URL": f"http://{LOOPBACK}:{ports['AWS_PORT']}",
        "DATABASE_URL": "",
        "HTTPS": "false",
        "REDIS_URL": f"redis://{LOOPBACK}:{ports['BROKER_PORT']}/0",
        "SECRET_KEY": secret_key(),
    }
