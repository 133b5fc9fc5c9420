"""Calling hal, one call at a time, and what it answers.

hal is asked once for everything, since a call costs seconds and its exit code 1 does
not tell “missing” from “daemon down”. Of what it prints only errors are ever shown: the
rest may hold secrets.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

COLOUR = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

PATIENCE = 10.0
"""Seconds between two signs of life while hal answers nothing."""

LONG = 6
"""This many say that something is wrong: hal gives up after three minutes."""

BACKUP = ("backup", "create", "-q")
"""For this, hal reads every kubeconfig that its config names."""

SWALLOWED = (
    "hal hasn't answered for a minute. Unless NO_VALIDATE=1 is set it looks versions "
    "up on the internet at each call, and a network that drops packets makes it wait "
    "for three minutes and fail. Stop it with Ctrl-C and start again with "
    "NO_VALIDATE=1, or give hal's daemon a proxy (JAVA_OPTS=-Dhttps.proxyHost=…)."
)


class Refused(Exception):
    """What is in the way, in sentences; nothing has been changed."""


class Failed(Exception):
    """A call of hal that did not succeed, in hal's own words."""


def say(sentence: str) -> None:
    with suppress(OSError):  # the terminal is gone, and what is being done matters more
        print(sentence, file=sys.stderr, flush=True)


def hal(words: tuple[str, ...]) -> str:
    """Call hal once and return what it printed.

    It runs apart from this terminal, so that Ctrl-C cannot tear a call in two.
    """
    with subprocess.Popen(
        ("hal", *words),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        start_new_session=True,
    ) as call:
        try:
            out, err = answered(call)
        except BaseException:
            call.kill()
            raise
    if call.returncode:
        error = COLOUR.sub("", err).strip()
        raise Failed(
            error or (f"It ended with exit code {call.returncode} and printed nothing.")
        )
    return out


def answered(call: subprocess.Popen[str]) -> tuple[str, str]:
    waits = 0
    while True:
        try:
            return call.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            waits += 1
            say(
                SWALLOWED
                if waits == LONG
                else f"Waiting for hal ({waits * PATIENCE:.0f} s) ..."
            )


def asked(deployment: str = "") -> dict[str, Any]:
    """Ask hal for this deployment, or else its current one, with all providers, in one
    call.
    """
    words = within(deployment, ("config", "-q", "-o", "json", "--no-validate"))
    try:
        return next(answers(hal(words)))
    except (Failed, StopIteration) as error:
        raise Refused(
            f"hal didn't list its accounts: `hal {' '.join(words)}` failed. "
            f"{error}\nIs its daemon up (hal --ready), and can it read its own config?"
        ) from None


def within(deployment: str, words: tuple[str, ...]) -> tuple[str, ...]:
    """Name the deployment, since another one may be the current one meanwhile, before
    every other flag: lists come last.
    """
    if not deployment:
        return words
    place = next((n for n, word in enumerate(words) if word[:1] == "-"), len(words))
    return (*words[:place], f"--deployment={deployment}", *words[place:])


def answers(printed: str) -> Iterator[dict[str, Any]]:
    """Yield the line that is a deployment: others may begin with a brace as well."""
    for line in printed.splitlines():
        if line.startswith("{"):
            with suppress(ValueError):
                answer: dict[str, Any] = json.loads(line)
                if "providers" in answer:
                    yield answer


def providers_of(deployment: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return every provider that hal knows, those without a setting too."""
    return {
        name: one or {} for name, one in (deployment.get("providers") or {}).items()
    }
