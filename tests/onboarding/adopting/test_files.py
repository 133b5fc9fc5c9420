"""Which files of a Spinnaker are read, also from archives, and are passed on."""

from __future__ import annotations

import gzip
import json
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from io import BytesIO

import pytest

from onboarding.adopting.report import Report, document, report_of
from onboarding.adopting.sources import files as archives
from onboarding.adopting.sources.files import (
    MOST_MEMBERS,
    MOST_UNPACKED,
    BadSource,
    unpacked,
)
from onboarding.adopting.sources.passing import passed, read_of, together
from onboarding.adopting.sources.reading import Read, read_sources
from onboarding.adopting.wording import text
from tests.onboarding.adopting.documents import (
    aws,
    halconfig,
    kinds,
    loaded,
    outcomes,
    reported,
    stored,
    yaml_of,
)
from tests.onboarding.adopting.test_clusters import TOKEN, kubeconfig, run
from tests.onboarding.adopting.test_secrets import ACCESS_KEY, PLANTED, sources

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


CONFIG = halconfig(
    {"aws": {"accounts": [aws(name) for name in ("dev", "old", "older")]}}
)["config"]

PROFILE = yaml_of({"aws": {"accounts": [aws("dev")]}})

LOCAL = "clouddriver-local.yml"

LAYOUTS: Mapping[str, tuple[str, str]] = {
    "next to the config": ("config", LOCAL),
    "in profiles": ("config", f"profiles/{LOCAL}"),
    "in the deployment's folder": ("config", f"default/profiles/{LOCAL}"),
    "with a dot": ("./config", f"./profiles/{LOCAL}"),
    "with one dot": ("config", f"./default/profiles/{LOCAL}"),
    "with two dots": ("config", f"x/../profiles/{LOCAL}"),
    "in hal's folder": ("~/.hal/config", f"~/.hal/default/profiles/{LOCAL}"),
    "by whole names": ("/home/me/.hal/config", f"/home/me/.hal/profiles/{LOCAL}"),
    "of an archive": ("backup/config", f"backup/default/profiles/{LOCAL}"),
    "of Windows": ("hal\\config", f"hal\\profiles\\{LOCAL}"),
    "of two folders": ("/home/me/.hal/config", f"default/profiles/{LOCAL}"),
    "of two other folders": ("hal/config", f"profiles/{LOCAL}"),
}


def read_from(report: Report) -> list[str]:
    return [one.kind.name for one in report.spinnaker.readings]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_profile_belongs_to_the_deployment_that_is_read(layout: str) -> None:
    config, profile = LAYOUTS[layout]

    for files in (
        {config: CONFIG, profile: PROFILE},
        {profile: PROFILE, config: CONFIG},
    ):
        report = reported(files)

        assert read_from(report) == ["HALCONFIG"]
        assert [*outcomes(report)] == ["dev"]
        (hidden,) = (o for o in report.findings if o.kind == "hidden-list")
        assert hidden.accounts == ("old", "older")


def test_a_profile_in_another_folder_is_named() -> None:
    elsewhere = reported({"hal/config": CONFIG, f"profiles/{LOCAL}": PROFILE})
    within = reported({"config": CONFIG, f"profiles/{LOCAL}": PROFILE})

    assert "profile-elsewhere" in kinds(elsewhere)
    assert "profile-elsewhere" not in kinds(within)


def two_deployments() -> bytes:
    return yaml_of(
        {
            "currentDeployment": "default",
            "deploymentConfigurations": [
                {"name": name, "providers": {"aws": {"accounts": [aws(name)]}}}
                for name in ("default", "staging")
            ],
        }
    )


@pytest.mark.parametrize("home", ["", ".hal/", "/home/me/.hal/"])
def test_profiles_of_another_deployment_do_not_count_and_are_named(home: str) -> None:
    files = {
        f"{home}config": two_deployments(),
        f"{home}staging/profiles/{LOCAL}": PROFILE,
    }

    report, other = reported(files), reported(files, deployment="staging")

    assert [*outcomes(report)] == ["default"]
    assert kinds(report) >= {"profile-of-other", "other-deployments"}
    assert [*outcomes(other)] == ["dev"]
    assert "profile-of-other" not in kinds(other)
    (finding,) = (o for o in other.findings if o.kind == "other-deployments")
    assert finding.says.startswith(f"{home}config has other deployments, which aren't")


def test_a_profile_that_belongs_to_nothing_is_named() -> None:
    own, elsewhere = f"default/profiles/{LOCAL}", f"lost/profiles/{LOCAL}"
    files = {"config": CONFIG, own: PROFILE, elsewhere: PROFILE, LOCAL: PROFILE}

    report = reported(files)

    assert [*outcomes(report)] == ["dev"]
    assert read_from(report) == ["HALCONFIG"]
    named = [one.says for one in report.findings if one.kind == "profile-of-none"]
    assert [one.partition(" ")[0] for one in named] == [LOCAL, elsewhere]


def test_each_of_two_configs_has_its_own_profiles() -> None:
    files = {
        "a/config": two_deployments(),
        f"a/profiles/{LOCAL}": PROFILE,
        "b/config": CONFIG,
        f"b/staging/profiles/{LOCAL}": PROFILE,
    }

    report = reported(files)

    assert read_from(report) == ["HALCONFIG", "HALCONFIG"]
    first, second = report.spinnaker.readings
    assert [one.name for one in first.accounts] == ["dev"]
    assert [one.name for one in second.accounts] == ["dev", "old", "older"]
    assert "profile-of-none" in {one.kind for one in second.findings}


def test_a_folder_for_kustomize_next_to_a_config_is_a_source_of_its_own() -> None:
    kustomize = f"kustomize/overlays/config/files/{LOCAL}"

    report = reported({"hal/config": CONFIG, kustomize: PROFILE})

    assert read_from(report) == ["HALCONFIG", "SPRING"]
    assert "sources-differ" not in kinds(report)
    assert "one-source-only" in kinds(report)


ODD = aws("odd", custom={"secret": True, "mapping": {"secret": "x"}, "": [None, 1.5]})

KUBECONFIG = {"prod.yml": yaml_of(kubeconfig(run("aws", *TOKEN)))}


def read_all(files: dict[str, bytes]) -> Read:
    return read_sources(files, named=frozenset(files))


def test_what_is_passed_on_is_the_same_and_holds_no_secret() -> None:
    odd = {**halconfig({"aws": {"accounts": [ODD]}}), **KUBECONFIG}
    for files in (*sources(), odd):
        before = read_all(files)

        passed_on = json.dumps(passed(before))

        assert read_of(json.loads(passed_on)) == before
        assert PLANTED not in passed_on
        assert ACCESS_KEY not in passed_on
        assert "4711471147" not in passed_on


def test_what_is_read_in_parts_is_reported_as_what_is_read_at_once() -> None:
    providers = {"aws": {"accounts": [aws("dev"), aws("other", "210987654321")]}}
    files, gate = (
        {**halconfig(providers), **KUBECONFIG},
        {
            **stored({"aws": {"accounts": [aws("dev", environment="x")]}}),
            **loaded(providers),
        },
    )

    apart = report_of(together(read_all(files), read_all(gate)))

    at_once = report_of(read_all({**files, **gate}))
    assert document(apart) == document(at_once)
    assert text(apart) == text(at_once)
