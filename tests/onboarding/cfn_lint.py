"""cfn-lint judges CloudFormation templates. It is loaded once: as a program of its own,
each test would wait four seconds for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from importlib import import_module
from pathlib import Path


def findings(templates: Iterable[Path]) -> list[str]:
    config = import_module("cfnlint.config").ConfigMixIn([*map(str, templates)])
    return [str(one) for one in import_module("cfnlint.runner").Runner(config).run()]
