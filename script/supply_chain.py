"""What Bowline is made of, by its locks: list it as an SBOM, and audit it.

python -m script.supply_chain sbom FILE    write a CycloneDX bill of materials
python -m script.supply_chain audit        ask a database for known vulnerabilities

An audit ends with 0: all audited, none vulnerable; 1: some vulnerable; 3: some could
not be audited, because the database is unavailable or does not know them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

LOCK = Path("requirements.txt")
USAGE = "Usage: python -m script.supply_chain audit | sbom FILE"


def sbom(path: Path) -> None:
    """Install the lock into an empty environment and list what is there."""
    with TemporaryDirectory() as folder:
        venv.create(folder, with_pip=False)
        python = str(Path(folder, "bin", "python"))
        pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
        subprocess.run(
            [*pip, "--no-compile", "--require-hashes", "-r", LOCK], check=True
        )
        subprocess.run(
            [
                *(tool("cyclonedx-py"), "environment", python, "-o", path),
                *("--pyproject", "pyproject.toml", "--output-reproducible"),
            ],
            check=True,
        )
    document = json.loads(path.read_text())
    print(f"{path} lists {len(document['components'])} packages.")


def audit() -> int:
    found = subprocess.run(
        [
            *(tool("pip-audit"), "-r", LOCK, "--require-hashes", "--disable-pip"),
            *("--format", "json", "--progress-spinner", "off"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if not found.stdout:
        print(f"{LOCK}: the audit could not be made: {found.stderr}", file=sys.stderr)
        return 3
    sentence, code = verdict(json.loads(found.stdout)["dependencies"])
    print(f"{LOCK}: {sentence}")
    return code


def verdict(packages: list[dict[str, Any]]) -> tuple[str, int]:
    """Say what pip-audit found. It skips what it cannot look up and still ends with
    0, so the packages are counted here.
    """
    audited = [one for one in packages if "skip_reason" not in one]
    vulnerable = [
        f"{one['name']} {one['version']}: {', '.join(v['id'] for v in one['vulns'])}"
        for one in audited
        if one["vulns"]
    ]
    count = f"Audited {len(audited)} of {len(packages)} packages"
    if vulnerable:
        return f"{count}. Known vulnerabilities: {'; '.join(vulnerable)}.", 1
    if len(audited) < len(packages):
        return f"{count}: the others could not be looked up.", 3
    return f"{count}: no known vulnerability.", 0


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["sbom", file]:
            sbom(Path(file))
        case ["audit"]:
            sys.exit(audit())
        case _:
            sys.exit(USAGE)
