"""script/release: its steps, in order, and no tag after one that fails."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from onboarding import VERSION
from script.release import (
    ROOT,
    STEPS,
    TAG,
    NotReady,
    Step,
    main,
    refuse_changelog,
    refuse_changes,
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
        "Month",
        "All tests",
        "Slips",
        "Pictures",
        "Image",
        "Bill of materials",
        "Still clean",
        "Tag",
    ]
    assert f"git push origin {TAG}" in printed


def test_every_script_that_it_runs_exists() -> None:
    commands = [step.does for step in STEPS if not callable(step.does)]
    words = " ".join(word for one in commands for word in one).split()
    scripts = {one for one in words if one.startswith((".ci/", "script/"))}

    assert scripts >= {"script/bench", "script/slips"}
    assert [one for one in scripts if not Path(one).is_file()] == []
    elsewhere = [step.name for step in STEPS if step.elsewhere]
    assert elsewhere == ["Known vulnerabilities", "Image"]
    assert [step.name for step in STEPS if step.beside] == ["Month"]


def test_the_first_step_that_fails_ends_it_before_the_tag(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tag = tmp_path / "tag"
    steps = [Step("Fails", ("false",)), Step("Tag", ("touch", str(tag)))]

    report = tmp_path / "report"

    assert release(steps, report) == 1
    assert not tag.exists()
    assert "Not ready: false ended with 1." in capsys.readouterr().err
    assert release(steps[1:], report) == 0
    assert tag.exists()


def test_started_again_it_continues_where_it_ended(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count, ready, report = (tmp_path / one for one in ("count", "ready", "report"))
    looked: list[str] = []
    steps = [
        Step("Clean", lambda: looked.append("clean"), "looks"),
        Step("Tests", ("sh", "-c", f"echo ran >>{count}")),
        Step("Image", ("sh", "-c", "exit 3"), elsewhere=True),
        Step("Slips", ("test", "-e", str(ready))),
    ]

    assert release(steps, report) == 1
    ready.touch()
    assert release(steps, report) == 0

    assert count.read_text() == "ran\n"
    assert looked == ["clean", "clean"]
    said = capsys.readouterr().out.partition("Passed at this commit:\n")[2]
    assert re.findall(r"^(\w+): .* \(\d+ s\)$", said, re.M) == [
        "Clean",
        "Tests",
        "Clean",
        "Slips",
    ]
    assert said.endswith(
        "Not done here:\n- Image: sh -c 'exit 3' says why. Run it elsewhere.\n"
    )


def test_what_mostly_waits_runs_beside_the_next_steps(tmp_path: Path) -> None:
    """It ends only after the next has run, and before a function looks at both."""
    tested, played = tmp_path / "tested", tmp_path / "played"
    waits = f"until test -e {tested}; do sleep 0.1; done; sleep 0.3; touch {played}"
    looked: list[bool] = []
    steps = [
        Step("Month", ("timeout", "60", "sh", "-c", waits), beside=True),
        Step("Tests", ("touch", str(tested))),
        Step("Clean", lambda: looked.append(played.exists()), "looks"),
    ]

    assert release(steps, tmp_path / "report") == 0

    assert looked == [True]


@pytest.mark.parametrize(
    ("fails", "ran"), [("Month", "MonthMonthSlips"), ("Slips", "MonthSlipsSlips")]
)
def test_of_two_at_once_only_the_one_that_failed_runs_again(
    tmp_path: Path, fails: str, ran: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log, ready, tag = (tmp_path / one for one in ("log", "ready", "tag"))
    line = f"echo $0 >>{log}; test $0 != {fails} || test -e {ready}"
    steps = [
        *(
            Step(name, ("sh", "-c", line, name), beside=name == "Month")
            for name in ("Month", "Slips")
        ),
        Step("Clean", lambda: None, "looks"),
        Step("Tag", ("touch", str(tag))),
    ]

    assert release(steps, tmp_path / "report") == 1
    assert not tag.exists()
    assert f"{fails} ended with 1." in capsys.readouterr().err
    ready.touch()
    assert release(steps, tmp_path / "report") == 0

    assert tag.exists()
    assert "".join(sorted(log.read_text().split())) == ran


def test_one_that_fails_beside_nothing_fails_it(tmp_path: Path) -> None:
    step = Step("Month", ("false",), beside=True)

    assert release([step], tmp_path / "report") == 1


def test_what_cannot_be_done_here_is_said_at_the_end(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tag = tmp_path / "tag"

    ends = ("sh", "-c", "exit 3")
    tags = Step("Tag", ("touch", str(tag)))

    report = tmp_path / "report"

    assert release([Step("Tests", ends), tags], report) == 1
    assert not tag.exists()
    assert release([Step("Image", ends, elsewhere=True), tags], report) == 0
    assert tag.exists()
    last = capsys.readouterr().out.partition("By hand, now:")[2]
    said = "Not done here:\n- Image: sh -c 'exit 3' says why. Run it elsewhere.\n"
    assert last.endswith(said)


def test_what_it_does_not_know_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["--publish"])
    assert "usage: script/release" in capsys.readouterr().err


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
def test_the_changelog_begins_with_the_version(
    tmp_path: Path, text: str, wrong: str
) -> None:
    (tmp_path / "CHANGELOG.md").write_text(text)

    if not wrong:
        refuse_changelog(tmp_path)
        return
    with pytest.raises(NotReady, match=wrong):
        refuse_changelog(tmp_path)


DOCKER = """[ "$1" = info ] && exit
while [ "$1" != --metadata-file ]; do echo "$1"; shift; done
echo "{\\"containerimage.digest\\": \\"sha256:%s\\"}" >"$2"
"""
BUILDAH = """[ "$1" = info ] && exit
while [ "$1" != --iidfile ]; do echo "$1"; shift; done
echo "sha256:%s" >"$2"
"""
FAILS, EVERY, EACH = "exit 1", "same", "$(basename $2)"


def image(folder: Path, *base: str, **tools: str) -> subprocess.CompletedProcess[str]:
    """Run script/image in a repository of its own, with these as its programs."""
    shutil.copytree(ROOT / "onboarding", folder / "onboarding")
    (folder / "script").mkdir()
    shutil.copy(ROOT / "script" / "image", folder / "script")
    for name, text in tools.items():
        (folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / name).chmod(0o755)
    return subprocess.run(
        [folder / "script" / "image", *base],
        env=os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )


@pytest.mark.parametrize(
    "tools",
    [
        {"docker": DOCKER % EVERY, "buildah": FAILS},
        {"docker": FAILS, "buildah": BUILDAH % EVERY},
    ],
    ids=["docker", "buildah"],
)
def test_both_builds_have_the_time_of_the_commit_and_one_digest(
    repository: Path, tools: dict[str, str]
) -> None:
    log = ["git", "log", "-1", "--format=%ct"]
    epoch = subprocess.check_output(log, cwd=repository, text=True).strip()

    run = image(repository, "mirror.example/python:3.13", **tools)

    assert run.returncode == 0, run.stderr
    said = run.stdout.splitlines()
    assert said[-1] == "Both builds are sha256:same."
    for asked in (
        "--no-cache",
        f"bowline:{VERSION}",
        f"SOURCE_DATE_EPOCH={epoch}",
        "BASE=mirror.example/python:3.13",
    ):
        assert said.count(asked) == 2


@pytest.mark.parametrize(
    ("tools", "code", "why"),
    [
        (
            {"docker": FAILS, "buildah": FAILS},
            3,
            "nor buildah works here",
        ),
        ({"docker": DOCKER % EACH}, 1, "sha256:image-1 and sha256:image-2"),
        ({"docker": FAILS, "buildah": BUILDAH % EACH}, 1, "Two builds .+ differ"),
        ({"docker": '[ "$1" = info ]'}, 1, ""),
    ],
)
def test_no_image_is_said_to_be_good_that_was_not_built_twice_alike(
    repository: Path, tools: dict[str, str], code: int, why: str
) -> None:
    run = image(repository, **tools)

    assert run.returncode == code
    assert re.search(why, run.stderr)
    assert "Both builds" not in run.stdout


def test_the_base_may_be_that_of_another_registry() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text()

    assert re.search(r"^ARG BASE=python:\S+@sha256:\w+\nFROM \$BASE$", dockerfile, re.M)
