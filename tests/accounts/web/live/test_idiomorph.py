"""The one script of others that is in no package of PyPI: release 0.8.0 of `idiomorph`
on npm, as it is, with its licence (0BSD).
"""

from __future__ import annotations

from hashlib import sha256

from django.conf import settings

SCRIPT = "5811b9a7eda14878b7dab4378bf60432e1bb6f11fcfb970cc26540642650181e"
LICENCE = "d3d2456f76414f2456104660ebd65aff1c04cd7966b942bdabd63f3cdb316a38"
FOLDER = settings.BASE_DIR / "static" / "idiomorph"


def test_idiomorph_is_the_file_of_its_release() -> None:
    script, licence = FOLDER / "idiomorph-ext.min.js", FOLDER / "LICENSE"

    assert sha256(script.read_bytes()).hexdigest() == SCRIPT
    assert sha256(licence.read_bytes()).hexdigest() == LICENCE
