"""The scripts' program, run within this process."""

from __future__ import annotations

from onboarding.spinnaker.bundle.formats.hal import __main__ as program
from onboarding.spinnaker.bundle.formats.hal.stopping import Stop


def run(*words: str) -> int:
    return program.main(list(words), Stop())
