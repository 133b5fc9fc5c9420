"""How gunicorn serves the site: behind the proxy in deploy/, never alone.

A client that sends half a header holds one of these threads for as long as it likes.
"""

from __future__ import annotations

import os
from pathlib import Path

from bowline.environment.loading import load_settings

load_settings()  # or each worker would end with a traceback

bind = "0.0.0.0:8000"
workers = 2
# bowline/settings.py reads it too: pages leave two threads for /healthz.
threads = int(os.environ.get("WEB_THREADS") or "16")
# Longer than nginx keeps its connections (60 s): gunicorn must not close one just as
# nginx sends a request on it.
keepalive = 75
timeout = 30
graceful_timeout = 30
# Memory, on Linux: a heartbeat on a slow disk would look like a dead worker.
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None
control_socket_disable = True
# For who switches the access log on: no query and no Referer, as in nginx's.
access_log_format = '%(h)s %(t)s "%(m)s %(U)s" %(s)s %(b)s %(L)s'
if os.environ.get("LOG_FORMAT") == "json":
    # Its own lines as bowline/operations/logs.py writes the site's.
    logconfig_dict = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "bowline.operations.logs.JsonLines"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": [], "level": "INFO"},
        "loggers": {
            "gunicorn.error": {
                "handlers": ["stderr"],
                "level": "INFO",
                "propagate": False,
            }
        },
    }
