"""How the log is written: a line for people, or a JSON document a line for machines.

It is loaded with the settings, so before Django is.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from pythonjsonlogger.json import JsonFormatter

from accounts.work.log_ids import REQUEST, RUN, about
from onboarding.names import one_line

KEPT = ("at", "level", "logger", "message", "request", "run", "exc_info", "stack_info")
"""What a JSON line may hold. Whatever else a library attaches to a record, such as a
request with its headers, is not written.
"""


class Ids(logging.Filter):
    """Says which request and which run a record is about."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request = REQUEST.get()
        record.run = getattr(record, "run", "") or RUN.get()
        return True


class Lines(logging.Formatter):
    """One line a message, whatever it quotes; a traceback comes below it, indented, so
    that no line of an exception's text looks like a message.
    """

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:
        return one_line(super().formatMessage(record))

    def format(self, record: logging.LogRecord) -> str:
        first, *more = super().format(record).split("\n")
        return "\n".join((first, *(f"  {one_line(line)}" for line in more)))


class JsonLines(JsonFormatter):
    """One JSON document a line; traceback included, so that no line is torn apart."""

    def __init__(self) -> None:
        super().__init__(
            ["levelname", "name", "message"],
            rename_fields={"levelname": "level", "name": "logger"},
            timestamp="at",
        )

    def process_log_record(self, log_data: dict[str, Any]) -> dict[str, Any]:
        return {name: log_data[name] for name in KEPT if log_data.get(name)}


def logging_settings(form: str, level: str) -> dict[str, Any]:
    """Describe the log to logging.config.dictConfig; `form` is line or json."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"ids": {"()": "bowline.operations.logs.Ids"}},
        "formatters": {
            "line": {"()": "bowline.operations.logs.Lines"},
            "json": {"()": "bowline.operations.logs.JsonLines"},
        },
        "handlers": {
            "stderr": {
                "class": "logging.StreamHandler",
                "formatter": form,
                "filters": ["ids"],
            }
        },
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            # Their DEBUG lines hold credentials and signed requests, so it cannot be
            # had; their INFO is a line for every client that is made.
            "boto3": {"level": "WARNING"},
            "botocore": {"level": "WARNING"},
            "urllib3": {"level": "WARNING"},
            # Two lines for each message, every ten seconds even where nothing happens.
            "celery.app.trace": {"level": "WARNING"},
            "celery.beat": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
        },
    }


class RequestId:
    """Middleware: name each request, in its lines of the log and in its answer.

    What a client sends as its own name is not used: it could be another request's.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        name = uuid.uuid4().hex
        with about(REQUEST, name):
            response = self.get_response(request)
        response.headers["X-Request-ID"] = name
        return response
