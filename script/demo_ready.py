"""Say where the demo is once it answers, then stay: the supervisor ends with us."""

from __future__ import annotations

import os
import signal

from script.demo_site import PASSWORD, ROLES
from script.servers import LOOPBACK, answers, wait_until

if __name__ == "__main__":
    site = f"http://{LOOPBACK}:{os.environ['WEB_PORT']}"
    wait_until(lambda: answers(f"{site}/healthz"), what="The site did not answer")
    print(
        f"\nBowline is at {site}"
        f"\nSign in as {', '.join(ROLES)}: the password of each is {PASSWORD}"
        "\nAWS is emulated: nothing leaves this machine. Ctrl-C stops everything;"
        "\nscript/demo --reset starts over.\n",
        flush=True,
    )
    signal.pause()
