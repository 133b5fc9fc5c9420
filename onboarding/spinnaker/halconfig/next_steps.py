"""How a merged config is put in place, and how to go back."""

from __future__ import annotations

from typing import NamedTuple


class NextStep(NamedTuple):
    says: str
    line: str


STEPS = (
    NextStep(
        "On hal's host, as the user of its daemon: keep a copy of the current config.",
        "hal backup create && cp -p ~/.hal/config ~/.hal/config.before",
    ),
    NextStep(
        "Stop the daemon, so that no one else's hal writes in the meantime. Where it "
        "is a container's main process, skip this and restart the container after step "
        "3.",
        "hal shutdown",
    ),
    NextStep(
        "Put the merged file in place, for its owner's eyes only.",
        "install -m 600 config.new ~/.hal/config",
    ),
    NextStep(
        "See that hal reads it; its own script starts the daemon again.",
        "hal config provider aws account list --no-validate",
    ),
    NextStep(
        "In the folder of the unpacked bundle: compare, add what the Halyard config "
        "can't contain, deploy.",
        "hal/check.sh && hal/profiles.sh && hal deploy apply",
    ),
)
UNDO = NextStep(
    "To undo this at any point, restore the previous file.",
    "hal shutdown; cp -p ~/.hal/config.before ~/.hal/config",
)
