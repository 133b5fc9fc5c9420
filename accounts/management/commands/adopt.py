"""`manage.py adopt SOURCE…`: what an existing Spinnaker says, and what can be taken.

It changes nothing, in Bowline, in AWS or in Spinnaker; the activity log has who
confirmed an account. With a role, it also reads what
AWS has of the accounts. What can be taken is written as
an accounts file, which `manage.py onboard` and the page for accounts files read.
"""

from __future__ import annotations

import os
from argparse import ArgumentParser
from collections.abc import Iterator
from json import dumps
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.management import CommandError
from django.utils import timezone

from accounts.discover.looking import look_at_accounts
from accounts.management.command import (
    BowlineCommand,
    is_migrated,
    migrate_if_new,
    named_person,
    write,
)
from accounts.mapping.adopting.again import (
    adopted_again,
    again_lines,
    identity_for_file,
    of_judged,
)
from accounts.mapping.adopting.keeping import (
    CannotAdopt,
    files_read,
    gate_read,
    managed_role,
    record_confirmed,
    reported,
)
from accounts.wording import counted
from onboarding.adopting.looking import Look, targets
from onboarding.adopting.report import (
    Report,
    document,
    with_sources,
)
from onboarding.adopting.report import accounts_file as file_of_accounts
from onboarding.adopting.sources.files import is_passed_by, may_be_source
from onboarding.adopting.wording import KEEP_LEFT, summary, text
from onboarding.aws.session import PATIENCE, Sessions
from onboarding.bounded_yaml import MOST_BYTES

MOST_FILES, MOST_OF_FOLDERS = 5_000, 4 * MOST_BYTES
PROFILES_OF_HAL = ("profiles/*.y*ml", "*/profiles/*.y*ml")
OF_HALYARD = b"deploymentConfigurations"
CONFIRMING = (
    "To take an account that waits for you to confirm it, repeat the command with "
    "--confirm NAME."
)
NO_SOURCE = "Name a file or a folder, or read the connected Spinnaker with --gate."


class Command(BowlineCommand):
    help = "Report what an existing Spinnaker's accounts are, and what can be taken."
    requires_migrations_checks = False  # it reads files only

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "source",
            type=Path,
            nargs="*",
            help="the Halyard config or ~/.hal, clouddriver-local.yml, a folder for "
            "kustomize, a SpinnakerService, kubeconfigs, or Gate's answers as JSON",
        )
        parser.add_argument(
            "--gate",
            action="store_true",
            help="read the connected Spinnaker, too, through Gate",
        )
        parser.add_argument(
            "--deployment",
            default="",
            metavar="NAME",
            help="the deployment of the Halyard config; by default the current one",
        )
        parser.add_argument(
            "--confirm",
            action="append",
            default=[],
            metavar="NAME",
            help="take this account as a file describes it, though Gate says that "
            "Spinnaker has it otherwise, or not at all; repeat it for more",
        )
        parser.add_argument(
            "--by", metavar="USER", help="with --confirm, the person to record"
        )
        parser.add_argument(
            "--look",
            default="",
            metavar="ROLE",
            help="look at AWS, too: read the roles of the accounts that can be taken, "
            "with this role in each of them",
        )
        parser.add_argument(
            "--report",
            type=Path,
            metavar="FILE",
            help="write the report to a file: as JSON if it ends with .json",
        )
        parser.add_argument(
            "--json", action="store_true", help="print the report as JSON"
        )
        parser.add_argument(
            "--accounts-file",
            type=Path,
            metavar="FILE",
            help="write what can be taken to a new accounts file",
        )
        parser.add_argument(
            "--access-role",
            default="",
            metavar="NAME",
            help="in the accounts file, the role by which Bowline reaches each account",
        )
        parser.add_argument(
            "--take",
            action="append",
            default=[],
            metavar="NAME:FIELD",
            help="where the sources and Bowline both changed a value, write the "
            "sources' to the accounts file; may be repeated",
        )
        parser.add_argument(
            "--keep",
            action="append",
            default=[],
            metavar="NAME:FIELD",
            help="keep Bowline's value, and don't ask again until the sources change "
            "it; may be repeated",
        )
        parser.add_argument(
            "--identity",
            default="",
            metavar="ARN",
            help="in the accounts file, describe the managing account, too, with this "
            "role or user as Spinnaker's identity",
        )

    def handle(
        self,
        *,
        source: list[Path],
        gate: bool,
        deployment: str,
        confirm: list[str],
        by: str | None,
        look: str,
        report: Path | None,
        json: bool,
        **options: Any,
    ) -> None:
        if not (source or gate):
            raise CommandError(NO_SOURCE)
        if confirm:
            migrate_if_new(self.stderr.write)
        person = named_person(by)
        found = self.reported(source, deployment, confirm, gate=gate)
        record_confirmed(person, found)
        said, as_text = document(found), text(found)
        if look:
            in_aws = self.looked_at(found, look)
            said, as_text = in_aws.added_to(said), as_text + in_aws.text
            options["identity"] = options["identity"] or in_aws.identity
        as_json = dumps(said, indent=2, ensure_ascii=False) + "\n"
        if report is not None:
            write(report, as_json if report.suffix == ".json" else as_text)
        if found.waiting:
            self.stderr.write(CONFIRMING)
        if json:
            self.stdout.write(as_json, ending="")
        elif report is None:
            self.stdout.write(as_text, ending="")
        else:
            for line in summary(found):
                self.stdout.write(line)
        self.write_accounts(found, quiet=json, **options)

    def reported(
        self, sources: list[Path], deployment: str, confirm: list[str], *, gate: bool
    ) -> Report:
        files: dict[str, bytes] = {}
        known = {path.resolve() for path in sources}
        for path in sources:
            files |= files_of(path, known)
        named = frozenset(str(path) for path in sources) & files.keys()
        try:
            reads = [files_read(files, deployment=deployment, named=named)]
            if gate:
                of_gate, missing = gate_read()
                reads.append(of_gate)
                for reason in missing:
                    self.stderr.write(reason)
            has_database = is_migrated()
            role = managed_role() if has_database else None
            return reported(
                *reads, role=role, confirmed=confirm, has_database=has_database
            )
        except CannotAdopt as error:
            raise CommandError(str(error)) from None

    def looked_at(self, report: Report, role: str) -> Look:
        try:
            wanted = targets(report.taken, role)
        except ValueError as error:
            raise CommandError(str(error)) from None
        usual = report.judgement.role
        partition = usual.partition if usual else "aws"
        sessions = Sessions("adopt", partition, patience=PATIENCE)
        self.stderr.write(
            f"Looking at AWS with the role {role}: {counted(len(wanted))}."
        )
        at = timezone.now().isoformat()
        found = look_at_accounts(sessions, wanted)
        by_name = dict(zip((one.name for one in wanted), found, strict=True))
        return Look(role, at, by_name)

    def write_accounts(
        self,
        report: Report,
        *,
        accounts_file: Path | None,
        access_role: str,
        identity: str,
        take: list[str],
        keep: list[str],
        quiet: bool,
        **_: Any,
    ) -> None:
        if accounts_file is None:
            if take or keep:
                raise CommandError(ONLY_IN_FILE)
            return
        if not report.judgement.written:
            raise CommandError(f"No account can be taken: {accounts_file} not written.")
        try:
            taken = with_sources(report.taken)
            if is_migrated():
                again = adopted_again(
                    report.taken,
                    of_judged(report.judgement.accounts),
                    access_role=access_role,
                    take=take,
                    keep=keep,
                )
                if again.same or again.changed or again.gone or again.held_back:
                    self.stderr.write("Compared with Bowline:")
                    for line in again_lines(again):
                        self.stderr.write(line)
                taken, access_role = again.taken, ""
                identity = identity_for_file(identity)
            content = file_of_accounts(
                taken, identity=identity, access_role=access_role
            )
            write(accounts_file, content, mode="x")  # people edit one
        except ValueError as error:
            raise CommandError(str(error)) from None
        if not quiet:
            self.stdout.write(f"{accounts_file} is written. Then:")
            for number, step in enumerate(steps(report, accounts_file, identity), 1):
                self.stdout.write(f"{number}. {step}")


ONLY_IN_FILE = "--take and --keep answer for an accounts file: add --accounts-file."


def steps(report: Report, path: Path, identity: str) -> Iterator[str]:
    role = report.judgement.role
    if not identity and role:
        yield (
            f"In Bowline's managing account, the managed role must be {role.name}: "
            "accounts without a `managed_role` of their own have it."
        )
    yield (
        "Check each account's `access_role`, the role by which Bowline reaches the "
        f"account, and the rest of {path}."
    )
    yield f"Run `manage.py onboard {path} --check`, or upload {path} in Accounts."
    yield KEEP_LEFT


def files_of(path: Path, known: set[Path]) -> dict[str, bytes]:
    """Read a source: a file, with hal's profiles next to its config, or a folder. A
    profile that is a source itself is read once.
    """
    try:
        if path.is_dir():
            return dict(in_folder(path))
        content = content_of(path)
        found = {str(path): content}
        if OF_HALYARD in content:
            for profiles in PROFILES_OF_HAL:
                for profile in sorted(path.parent.glob(profiles)):
                    if profile.resolve() not in known:
                        found[str(profile)] = content_of(profile)
    except OSError as error:
        raise CommandError(f"{path} can't be read: {error}") from error
    return found


def in_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    size = count = 0
    for where, folders, files in os.walk(folder):
        folders[:] = sorted(one for one in folders if not is_passed_by(one))
        for name in sorted(files):
            path = Path(where) / name
            inside = PurePosixPath(path.relative_to(folder).as_posix())
            if not may_be_source(inside) or not path.is_file():
                continue
            content = content_of(path)
            size, count = size + len(content), count + 1
            if count > MOST_FILES or size > MOST_OF_FOLDERS:
                raise CommandError(
                    f"{folder} contains more than {MOST_FILES:,} files or "
                    f"{MOST_OF_FOLDERS:,} bytes. Name the files that are sources."
                )
            yield str(path), content


def content_of(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MOST_BYTES + 1)
