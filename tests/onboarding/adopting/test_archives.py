"""Archives of a Spinnaker's folders: what is read of them, and what is refused."""

from __future__ import annotations

import gzip
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO

import pytest

from onboarding.adopting.sources import archives
from onboarding.adopting.sources.archives import MOST_MEMBERS, MOST_UNPACKED, unpacked
from onboarding.adopting.sources.files import BadSource

FILES = {
    ".hal/config": b"config",
    ".hal/default/profiles/clouddriver-local.yml": b"profile",
    ".hal/staging/profiles/clouddriver-local.yml": b"other",
}
LEFT = {
    ".hal/default/staging/clouddriver.yml": b"written by hal",
    ".hal/default/history/x.yml": b"old",
    ".git/config": b"git",
    "x.png": b"picture",
    ".hidden": b"hidden",
}


def zip_of(files: Mapping[str, bytes]) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("empty/", b"")
        for name, content in files.items():
            archive.writestr(name, content)
    return made.getvalue()


def tar_of(files: Mapping[str, bytes]) -> bytes:
    made = BytesIO()
    with tarfile.open(fileobj=made, mode="w") as archive:
        for name, content in files.items():
            one = tarfile.TarInfo(name)
            one.size = len(content)
            archive.addfile(one, BytesIO(content))
        link = tarfile.TarInfo("link.yml")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    return made.getvalue()


def tgz_of(files: Mapping[str, bytes]) -> bytes:
    return gzip.compress(tar_of(files))


Make = Callable[[Mapping[str, bytes]], bytes]
KINDS = pytest.mark.parametrize("make", [zip_of, tar_of, tgz_of])


def read(files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {name: content for name, content, _ in unpacked(files)}


@KINDS
def test_an_archive_has_the_files_that_may_be_sources(make: Make) -> None:
    found = [*unpacked({"hal": make({**FILES, **LEFT}), "x.yml": b"x"})]

    assert {name: content for name, content, inside in found if inside} == {
        f"hal/{name}": content for name, content in FILES.items()
    }
    assert [name for name, _, inside in found if not inside] == ["x.yml"]


@KINDS
def test_names_stay_in_the_archive(make: Make) -> None:
    found = read({"a": make({"../../x/config": b"1", "/etc/y.yml": b"2"})})

    assert found == {"a/x/config": b"1", "a/etc/y.yml": b"2"}


@KINDS
def test_a_name_that_is_not_shown_or_too_long_is_refused(make: Make) -> None:
    for name in ("a\u202eb.yml", f"{'a/' * 300}x.yml"):
        with pytest.raises(BadSource, match=r"^arch: "):
            read({"arch": make({name: b""})})


@KINDS
def test_an_archive_that_expands_to_too_much_is_refused(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = {f"{one}.yml": b"0" * (MOST_UNPACKED // 2) for one in range(3)}
    many = {f"{one}.yml": b"" for one in range(MOST_MEMBERS + 1)}

    for files in (large, many):
        with pytest.raises(BadSource, match="more than 5,000 members or"):
            read({"arch": make(files)})


def test_what_is_no_archive_after_all_is_refused() -> None:
    whole = zip_of(FILES)
    broken = (
        whole[:-30],
        b"PK\x03\x04" + b"x" * 100,
        b"\x1f\x8b" + b"x" * 100,
        b"x" * 257 + b"ustar" + b"x" * 600,
        tgz_of(FILES)[:40],
    )

    for content in broken:
        with pytest.raises(BadSource, match=r"can't be read|more than"):
            read({"arch": content})


def test_an_archive_with_a_password_is_refused() -> None:
    content = bytearray(zip_of({"config": b"x"}))
    for at in (content.find(b"PK\x03\x04") + 6, content.find(b"PK\x01\x02") + 8):
        content[at] |= 1
    second = content.find(b"PK\x03\x04", 4)
    content[second + 6] |= 1
    central = content.find(archives.ENTRY, content.find(archives.ENTRY) + 4)
    content[central + 8] |= 1

    with pytest.raises(BadSource, match="can't be read"):
        read({"arch": bytes(content)})
