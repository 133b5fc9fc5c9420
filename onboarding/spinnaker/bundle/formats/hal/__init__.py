"""What runs next to hal: shipped in every bundle as hal/bowline/, with the scripts.

Needs Python 3.8 or newer and nothing else, and so imports nothing of Bowline's: hal's
options come from the table of fields, and a bundle has them here as plain values.
"""

from __future__ import annotations

from onboarding.carried.table import HALS, KINDS, ROWS, named

OURS = {kind: named(kind, HALS) for kind in KINDS}
OPTIONS = {
    kind: {row.name: (row.option, row.shape.name) for row in rows if row.option}
    for kind, rows in ROWS.items()
}
"""By field, hal's option for it, and what kind of value it has."""
