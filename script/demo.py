"""Run the demo: start its servers, say where it is, and end all of them by Ctrl-C."""

from __future__ import annotations

import math
import os
import secrets
import signal
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

from script.demo_site import PASSWORD
from script.emulated_organization import seed
from script.servers import LOOPBACK, free_port, inherited, ministack
from script.site import Server, Site

VAR = Path("var").resolve()
READY = """
Bowline is ready: {site}

  Sign in as   olivia (operator)
  Password     {password}
  Then choose  Set up the managing account

Sign in as paula to approve what olivia plans. There are also victor (viewer) and adam
(administrator). All have the same password. docs/start/tutorial.md continues from here.

AWS is emulated: nothing leaves this machine. To see what the worker does, read
{log}; the other logs are next to it.
Press Ctrl-C to stop everything. To start over: script/demo --reset
"""


def chosen_port(what: str, preferred: int) -> int:
    port = free_port(preferred)
    if port != preferred:
        print(f"Port {preferred} is busy, so {what} uses {port}.")
    return port


def kept(name: str, made: Any) -> str:
    """Read what was made at the first start, where only its owner reads it."""
    file = VAR / name
    if not file.exists():
        text = made()
        file.touch(mode=0o600)
        file.write_text(text)
    return file.read_text()


def credentials(endpoint: str) -> str:
    """Make the organization, and a key for Bowline."""
    print("Making an organization in the emulated AWS (once) ...")
    lines = seed(endpoint).environment.items()
    return "".join(f"{name}={value}\n" for name, value in lines)


def run() -> None:
    """Start everything, however long that takes, and stay until a server ends."""
    web, aws, broker = (
        chosen_port(what, preferred)
        for what, preferred in (("web", 8000), ("aws", 4566), ("broker", 6379))
    )
    endpoint = f"http://{LOOPBACK}:{aws}"
    environment = {
        **inherited(),
        "AWS_CONFIG_FILE": os.devnull,
        "DATABASE_URL": "",
        "HTTPS": "false",
        "REDIS_URL": f"redis://{LOOPBACK}:{broker}/0",
        # Signing in outlives a restart.
        "SECRET_KEY": kept("secret-key", partial(secrets.token_urlsafe, 50)),
    }
    site = Site(VAR, environment, port=web, patience=math.inf)
    for log in (VAR / "log").iterdir():
        log.unlink()
    with site.running():
        print("Starting the emulated AWS ...")
        site.servers["aws"] = Server(
            lambda: ministack(
                VAR / "aws", port=aws, log=site.log("aws"), patience=math.inf
            )
        )
        for line in kept("aws.env", partial(credentials, endpoint)).splitlines():
            name, _, value = line.partition("=")
            site.environment[name] = value
        # Whatever it was when the organization was made, the port is today's.
        site.environment["AWS_ENDPOINT_URL"] = endpoint
        print("Preparing the site ...")
        site.make()
        print("Starting the broker, a worker, the schedule and the web server ...")
        site.start_broker(broker)
        site.start_worker()
        site.start_beat()
        site.start_web()
        print(READY.format(site=site.url, password=PASSWORD, log=site.log("worker")))
        while True:
            site.check()
            time.sleep(0.2)


SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def stop(*_: Any) -> None:
    """Stop once: a second Ctrl-C must not disturb the end of the servers."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    print("\nStopping ...")
    raise KeyboardInterrupt


def main() -> None:
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a file
    for number in SIGNALS:
        signal.signal(number, stop)
    try:
        run()
    except KeyboardInterrupt:
        print("Bowline has stopped.")
    except ChildProcessError as ended:
        sys.exit(str(ended))
