"""script/release: its steps, in order, and no tag after one that fails."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from onboarding import VERSION
from script.release import (
    STEPS,
    TAG,
    NotHere,
    NotReady,
    Step,
    audit,
    build_twice,
    built,
    digest,
    main,
    refuse_changelog,
    refuse_changes,
    refuse_different,
    release,
)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "file").write_text("one")
    for command in (
        ["init", "--quiet"],
        ["add", "file"],
        ["-c", "user.name=A", "-c", "user.email=a@example.com", "commit", "-qm", "A"],
    ):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    return tmp_path


def test_a_dry_run_prints_every_step_and_what_is_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--dry-run"]) == 0

    printed = capsys.readouterr().out
    assert re.findall(r"^\d+\. ([\w ]+): ", printed.partition("By hand")[0], re.M) == [
        "Clean tree",
        "Changelog",
        "Known vulnerabilities",
        "Checks",
        "All tests",
        "Month",
        "Slips",
        "Upgrades",
        "Pictures",
        "Image",
        "Bill of materials",
        "Still clean",
        "Tag",
    ]
    assert f"git push origin {TAG}" in printed


def test_every_script_that_it_runs_exists() -> None:
    commands = [step.does for step in STEPS if not callable(step.does)]
    scripts = {one[0] for one in commands if one[0].startswith((".ci/", "script/"))}

    assert len(scripts) > 3
    assert [one for one in scripts if not Path(one).is_file()] == []


def test_the_first_step_that_fails_ends_it_before_the_tag(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tag = tmp_path / "tag"
    steps = [Step("Fails", ("false",)), Step("Tag", ("touch", str(tag)))]

    assert release(steps) == 1
    assert not tag.exists()
    assert "Not ready: false ended with 1." in capsys.readouterr().err
    assert release(steps[1:]) == 0
    assert tag.exists()


def cannot() -> None:
    raise NotHere("no image was built.")


def test_what_cannot_be_done_here_is_said_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tag = tmp_path / "tag"

    code = release([Step("Image", cannot, ""), Step("Tag", ("touch", str(tag)))])

    assert (code, tag.exists()) == (0, True)
    last = capsys.readouterr().out.partition("By hand, now:")[2]
    assert last.endswith("Not done here:\n- Image: no image was built.\n")


def test_known_vulnerabilities_end_it_and_an_unreachable_database_is_said() -> None:
    audit(("true",))
    with pytest.raises(NotReady, match="ended with 1"):
        audit(("sh", "-c", "exit 1"))
    with pytest.raises(NotHere, match="unavailable"):
        audit(("sh", "-c", "exit 3"))


@pytest.mark.parametrize("asks", [("no-such-program",), ("false",)])
def test_a_program_that_does_not_work_builds_nothing(asks: tuple[str, ...]) -> None:
    with pytest.raises(NotHere, match=r"neither docker .+ nor buildah works here"):
        build_twice(tools={asks[0]: asks})


@pytest.mark.parametrize(("argument", "code"), [("--help", 0), ("--publish", 2)])
def test_it_says_how_it_is_called(
    argument: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([argument]) == code
    assert "Usage: script/release" in "".join(capsys.readouterr())


def test_a_changed_tree_and_an_existing_tag_are_refused(repository: Path) -> None:
    refuse_changes(repository)

    (repository / "file").write_text("two")
    with pytest.raises(NotReady, match="M file"):
        refuse_changes(repository)
    subprocess.run(["git", "checkout", "-q", "file"], cwd=repository, check=True)
    subprocess.run(["git", "tag", TAG], cwd=repository, check=True)
    with pytest.raises(NotReady, match=f"{TAG} exists"):
        refuse_changes(repository)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (f"# Changelog\n\n## {VERSION}\n\nThe first release.\n", ""),
        (f"## Unreleased\n\n## {VERSION}\n", "begins with Unreleased"),
        (f"## {VERSION}\n\nNot released yet.\n", "is not released"),
        ("## 0.1.0\n\nOld.\n", "begins with 0.1.0"),
        ("", "begins with nothing"),
    ],
)
def test_the_changelog_begins_with_the_version(text: str, wrong: str) -> None:
    if not wrong:
        refuse_changelog(text)
        return
    with pytest.raises(NotReady, match=wrong):
        refuse_changelog(text)


@pytest.mark.parametrize("tool", ["docker", "buildah"])
def test_both_builds_have_the_time_of_the_commit(tool: str) -> None:
    first, second = (built(tool, n, epoch="17", revision="abc") for n in (1, 2))

    assert first[0] == tool
    assert {"SOURCE_DATE_EPOCH=17", "--no-cache", f"bowline:{VERSION}"} <= {*first}
    assert [a for a, b in zip(first, second, strict=True) if a != b] != []


@pytest.mark.parametrize("tool", ["docker", "buildah"])
def test_the_base_may_be_that_of_another_registry(tool: str) -> None:
    pinned = built(tool, 1, epoch="17", revision="abc")
    own = built(tool, 1, epoch="17", revision="abc", base="mirror.example/python:3.13")

    assert sorted({*own} - {*pinned}) == ["BASE=mirror.example/python:3.13"]
    dockerfile = Path("Dockerfile").read_text()
    assert re.search(r"^ARG BASE=python:\S+@sha256:\w+\nFROM \$BASE$", dockerfile, re.M)


def test_builds_that_differ_are_refused() -> None:
    metadata = '{"containerimage.digest": "sha256:a"}'

    assert (digest(metadata), digest("sha256:b\n")) == ("sha256:a", "sha256:b")
    refuse_different(digest(metadata), "sha256:a")
    with pytest.raises(NotReady, match="sha256:a and sha256:b"):
        refuse_different("sha256:a", "sha256:b")
