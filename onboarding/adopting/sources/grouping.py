"""Which profiles belong to a Halyard config: those of the deployment that is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from onboarding.adopting.sources.files import PROFILES, File
from onboarding.adopting.sources.spring_files.boot import SPRING_FILE
from onboarding.adopting.values import Finding
from onboarding.names import short

OF_OTHER = (
    "{} belongs to the deployment “{}”, and this report is on “{}”. It isn't read."
)
OF_NONE = (
    "{} belongs to no deployment of {}: Halyard reads profiles of “{}” in {}. It isn't "
    "read."
)
ELSEWHERE = (
    "{} is taken for a profile of the deployment “{}”, though it isn't in the folder "
    "of {}."
)


@dataclass(slots=True)
class Grouped:
    """Spring's files by what they are to a Halyard config."""

    own: list[File] = field(default_factory=list)
    left: list[File] = field(default_factory=list)
    """Files that belong to something else."""
    findings: list[Finding] = field(default_factory=list)


def grouped(
    config: File,
    files: Sequence[File],
    *,
    deployment: str,
    others: Sequence[str],
    is_only: bool,
) -> Grouped:
    """Find the profiles of a deployment: next to its config, in `profiles` there, or in
    `DEPLOYMENT/profiles`. Where there is only one config, `profiles` may be elsewhere.
    """
    found = Grouped()
    folders: dict[PurePosixPath, list[File]] = {}
    for file in files:
        folders.setdefault(file.folder, []).append(file)
    mine = [
        folder
        for folder in own_folders(config, folders, deployment, others, is_only=is_only)
        if any(SPRING_FILE.fullmatch(one.name) for one in folders[folder])
    ]
    for folder, inside in folders.items():
        owner = folder.parent.name
        for file in inside:
            is_spring = SPRING_FILE.fullmatch(file.name) is not None
            if is_spring and folder == next(iter(mine), None):
                found.own.append(file)
                if not is_within(folder, config.folder):
                    says = ELSEWHERE.format(file.path, short(deployment), config.path)
                    found.findings.append(Finding("profile-elsewhere", says))
            elif is_spring and is_profiles(folder) and owner in others:
                if is_only or is_within(folder, config.folder):
                    says = OF_OTHER.format(file.path, short(owner), short(deployment))
                    found.findings.append(Finding("profile-of-other", says))
                else:
                    found.left.append(file)
            elif is_spring and (
                folder in mine
                or (is_profiles(folder) and is_within(folder, config.folder))
            ):
                where = f"{short(deployment)}/{PROFILES}"
                says = OF_NONE.format(file.path, config.path, short(deployment), where)
                found.findings.append(Finding("profile-of-none", says))
            else:
                found.left.append(file)
    return found


def own_folders(
    config: File,
    folders: Iterable[PurePosixPath],
    deployment: str,
    others: Sequence[str],
    *,
    is_only: bool,
) -> Iterator[PurePosixPath]:
    """Yield the folders that may have the profiles, the likeliest first."""
    home = config.folder
    for likely in (home / deployment / PROFILES, home / PROFILES, home):
        if likely in folders:
            yield likely
    if is_only:
        elsewhere = [
            one
            for one in folders
            if is_profiles(one)
            and not is_within(one, home)
            and one.parent.name not in others
        ]
        elsewhere.sort(key=lambda one: (one.parent.name != deployment, str(one)))
        yield from elsewhere


def is_profiles(folder: PurePosixPath) -> bool:
    return folder.name == PROFILES


def is_within(folder: PurePosixPath, home: PurePosixPath) -> bool:
    return folder == home or home in folder.parents
