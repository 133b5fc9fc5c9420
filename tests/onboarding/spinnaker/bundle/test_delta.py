"""A delta's bundle, run against the strict stand-in for hal."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from pathlib import Path

from onboarding import VERSION
from onboarding.spinnaker.bundle import bundle_files
from onboarding.spinnaker.bundle.archive import file_list, zipped
from onboarding.spinnaker.bundle.comparison import BundleDelta, delta
from onboarding.spinnaker.bundle.contents import LISTS, Revision
from onboarding.spinnaker.bundle.delta import SHOWN, delta_files
from onboarding.spinnaker.bundle.file import File
from onboarding.topology import Permissions, Topology
from tests.bundles import core, eks, had_by, staging, unpacked
from tests.factories import managed, provider, topology
from tests.hal import Hal


def revision(bundled: Topology, *earlier: Topology, number: int = 7) -> Revision:
    states = {one.name: "verified" for one in bundled.managed}
    files = bundle_files(bundled, states, before=had_by(*earlier))
    digests = {str(f["path"]): str(f["sha256"]) for f in file_list(files)}
    return Revision.zipped(number, zipped(files), digests)


def between(before: Topology, after: Topology) -> tuple[File, ...]:
    old, new = revision(before), revision(after, before)
    return delta_files(delta(old, new), new, since=4)


def unpack(files: tuple[File, ...], folder: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(zipped(files))) as archive:
        archive.extractall(folder)
        for info in archive.infolist():
            (folder / info.filename).chmod(info.external_attr >> 16 & 0o777)


def qa(**fields: object) -> object:
    plain = {"name": "qa", "account_id": "933333333333"}
    return managed(provider("ec2"), **{**plain, **fields})


def test_hal_is_brought_from_one_revision_to_the_next(tmp_path: Path):
    hal = Hal(tmp_path)
    before = topology(core(), staging())
    after = topology(core(permissions=Permissions(("a",))), qa())
    folder = unpacked(before, tmp_path / "bowline")
    assert hal.run([str(folder / "hal/apply.sh")]).returncode == 0
    unpack(between(before, after), folder)

    applied = hal.run([str(folder / "hal/apply.sh"), "--prune"])

    assert applied.returncode == 0, applied.stderr
    assert hal.names("aws") == ["core", "qa"]
    assert hal.names("ecs") == hal.names("kubernetes") == []
    whole = unpacked(after, tmp_path / "whole", before)
    checked = hal.run([str(whole / "hal/check.sh")])
    assert checked.returncode == 0
    (answer,) = (line for line in checked.stdout.splitlines() if "all gone" in line)
    assert answer in hal.run([str(folder / "hal/check.sh")]).stdout


def test_the_scripts_touch_only_what_changed(tmp_path: Path):
    hal = Hal(tmp_path)
    before, after = topology(core(), qa()), topology(core(), qa(environment="test"))
    folder = unpacked(before, tmp_path / "bowline")
    assert hal.run([str(folder / "hal/apply.sh")]).returncode == 0
    unpack(between(before, after), folder)
    hal.calls.clear()

    applied = hal.run([str(folder / "hal/apply.sh")])

    assert applied.returncode == 0, applied.stderr
    accounts = [words for words in hal.calls if "account" in words]
    assert [words[4:6] for words in accounts] == [["edit", "qa"]]


def test_what_is_new_does_not_come_before_what_it_follows_in_the_bundle():
    """hal makes its first account the primary one."""
    new = qa(name="zed", account_id="944444444444")
    after = topology(core(), qa(environment="test"), new)

    files = between(topology(core(), qa()), after)

    (accounts,) = (file.text for file in files if file.path == "hal/accounts.yml")
    assert accounts.index('"qa"') < accounts.index('"zed"')


def test_a_changed_cluster_brings_its_kubeconfig(tmp_path: Path):
    before = topology(core(), staging())
    after = topology(core(), staging(environment="test"))

    paths = [file.path for file in between(before, after)]

    assert any(path.endswith("/kubeconfig.yml") for path in paths)
    assert "hal/removed.yml" not in paths


def test_where_accounts_only_went_its_scripts_remove_them_and_answer(tmp_path: Path):
    hal = Hal(tmp_path)
    before, after = topology(core(), qa()), topology(core())
    folder = unpacked(before, tmp_path / "bowline")
    assert hal.run([str(folder / "hal/apply.sh")]).returncode == 0
    unpack(between(before, after), folder)

    left = hal.run([str(folder / "hal/check.sh")])
    applied = hal.run([str(folder / "hal/apply.sh"), "--prune"])
    gone = hal.run([str(folder / "hal/check.sh")])

    assert (left.returncode, gone.returncode) == (1, 0), left.stdout + gone.stderr
    assert "left       aws qa" in left.stdout
    assert "all gone" in gone.stdout
    assert applied.returncode == 0, applied.stderr
    assert hal.names("aws") == ["core"]


def test_a_bundle_of_an_older_bowline_has_what_went_from_the_comparison():
    old, new = revision(topology(core(), qa())), revision(topology(core()))
    found = delta(old, new)
    older = {path: digest for path, digest in new.digests.items() if path != LISTS}

    files = delta_files(found, replace(new, digests=older), since=4)

    (removed,) = (file.text for file in files if file.path == "hal/removed.yml")
    assert json.loads(removed) == {
        "aws": [{"name": "qa", "accountId": "933333333333"}],
        "ecs": [],
        "kubernetes": [],
    }
    assert any(file.path == "hal/bowline/removing.py" for file in files)


def test_what_the_later_bundle_does_not_list_stays_in_spinnaker():
    old = revision(topology(core(), staging(), qa()))
    new = revision(topology(core()), topology(core(), staging()))

    files = delta_files(delta(old, new), new, since=4)

    (removed,) = (file.text for file in files if file.path == "hal/removed.yml")
    assert "qa" not in removed
    assert "- Removed: staging, staging-ecs, staging-apps.\n" in files[0].text

    new = revision(topology(core(), staging()))
    files = delta_files(delta(old, new), new, since=4)
    assert "hal/removed.yml" not in {file.path for file in files}
    assert "--prune" not in files[0].text


def test_the_readme_tells_what_changed_and_what_to_run():
    before = topology(core(), staging())
    after = topology(core(environment="live"), qa())

    text = between(before, after)[0].text

    assert text.startswith("# What changed from bundle 4 to bundle 7")
    assert "- Removed: staging, staging-ecs" in text
    assert "- Added: qa." in text
    assert "- Changed: core (environment from “” to “live”)." in text
    assert "hal/apply.sh --prune --dry-run\nhal/apply.sh --prune\n" in text
    assert "hal/check.sh\nhal deploy apply\n" in text
    assert "Delete them once hal has forgotten" in text


def test_the_manifest_names_everything():
    files = between(topology(core(), qa()), topology(core(environment="x")))

    manifest = json.loads(files[1].text)

    assert files[1].path == "manifest.json"
    assert manifest["bowline"] == VERSION
    assert f"Bowline {VERSION} wrote it." in files[0].text
    assert (manifest["since"], manifest["number"]) == (4, 7)
    assert (manifest["changed"], manifest["removed"]) == (["core"], ["qa"])
    assert [f["path"] for f in manifest["files"]] == [f.path for f in files[2:]]


def test_many_accounts_are_counted_in_the_readme():
    many = [qa(name=f"a{n}", account_id=f"{n:012}") for n in range(SHOWN + 5)]
    later = [
        qa(name=f"a{n}", account_id=f"{n:012}", environment="x")
        for n in range(SHOWN + 5)
    ]

    assert (
        "and 5 more, in manifest.json"
        in between(topology(core()), topology(core(), *many))[0].text
    )
    assert "- Changed and 5 more" in between(topology(*many), topology(*later))[0].text


def test_files_alone_can_change():
    later = revision(topology(core()), number=2)
    found = BundleDelta(files=("hal/profiles/clouddriver-local.yml",))

    files = delta_files(found, later, since=1)

    assert [file.path for file in files] == [
        "README.md",
        "manifest.json",
        "hal/profiles/clouddriver-local.yml",
    ]
    assert "No account changed; these files did." in files[0].text
    assert "hal/profiles.sh" in files[0].text


def test_clusters_alone_have_no_profiles_to_put_in_place():
    before, after = (topology(managed(eks(), environment=e)) for e in ("", "live"))

    assert "hal/profiles.sh" not in between(before, after)[0].text
