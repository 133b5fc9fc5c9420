"""What a merge did, line by line, with dots for what may be a secret; how the merged
config is put in place, and how to go back.
"""

from __future__ import annotations

from collections import Counter
from difflib import unified_diff

from onboarding.spinnaker.bundle.readme import ShellCommand
from onboarding.spinnaker.halconfig.merging import HalconfigChange
from onboarding.spinnaker.halconfig.tree import Table, meaning
from onboarding.spinnaker.halconfig.writing import is_empty, text

MOST_LINES = 2_000
"""Of an account that is compared line by line, which takes the square of them."""


def diff(change: HalconfigChange) -> list[str]:
    """Compare before and after; of a long account, only say how much differs."""
    before, after = masked_lines(change.before), masked_lines(change.after)
    if max(len(before), len(after)) > MOST_LINES:
        old, new = Counter(before), Counter(after)
        differing = (old - new).total() + (new - old).total()
        return [
            f"{differing:,} lines differ. Accounts of over {MOST_LINES:,} lines aren't "
            "compared line by line."
        ]
    return [*unified_diff(before, after, lineterm="")][2:]


def masked_lines(node: Table | None) -> list[str]:
    if node is None or is_empty(node):
        return []
    return text(node, masked=True).splitlines()


def fields(change: HalconfigChange) -> list[str]:
    """Name the keys whose values differ."""
    before, after = change.before or Table({}), change.after
    keys = dict.fromkeys([*before.pairs, *after.pairs])
    return [key for key in keys if meaning(before.get(key)) != meaning(after.get(key))]


STEPS = (
    ShellCommand(
        "On hal's host, as the user of its daemon: keep a copy of the current config.",
        "hal backup create && cp -p ~/.hal/config ~/.hal/config.before",
    ),
    ShellCommand(
        "Stop the daemon, so that no one else's hal writes in the meantime. Where it "
        "is a container's main process, skip this and restart the container after step "
        "3.",
        "hal shutdown",
    ),
    ShellCommand(
        "Put the merged file in place, for its owner's eyes only.",
        "install -m 600 config.new ~/.hal/config",
    ),
    ShellCommand(
        "See that hal reads it; its own script starts the daemon again.",
        "hal config provider aws account list --no-validate",
    ),
    ShellCommand(
        "In the folder of the unpacked bundle: compare, add what the Halyard config "
        "can't contain, deploy.",
        "hal/check.sh && hal/profiles.sh && hal deploy apply",
    ),
)
UNDO = ShellCommand(
    "To undo this at any point, restore the previous file.",
    "hal shutdown; cp -p ~/.hal/config.before ~/.hal/config",
)
