"""Accounts as Spinnaker is to have them, and their names there, each once."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from accounts.decisions.decision import decision, setting, shared_by_all
from accounts.mapping.managed import managed_of
from accounts.mapping.managing import managing_row
from accounts.models import (
    Activity,
    ManagedAccount,
    ManagingAccount,
    Spinnaker,
    SpinnakerName,
)
from accounts.models.managing import kept_names
from accounts.people.activity import record
from accounts.people.authors import keys_of
from accounts.people.roles import OPERATOR
from accounts.refused import Refused
from accounts.secrets import NoSecret, file_of, refusal, secret_of
from accounts.slices import in_slices
from onboarding.delivery.addresses import Allowed
from onboarding.delivery.connection import Connection, SignInBy
from onboarding.delivery.gate import Gate
from onboarding.delivery.releases import Release
from onboarding.delivery.transport import (
    Endpoint,
    Limits,
    SignIn,
    by_password,
    by_token,
    sender,
)
from onboarding.details import DetailsError
from onboarding.names import any_case
from onboarding.providers.base import spinnaker_names
from onboarding.spinnaker.bundle.readme import WAYS

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class NameTaken(Refused, ValueError):
    """Spinnaker's account names are one space, over all providers."""

    code = "NAME_TAKEN"

    def __init__(self, name: str, owner: ManagedAccount | str) -> None:
        super().__init__(
            f"Spinnaker would have two accounts named “{name}”, which already belongs "
            f"to {owner}. Choose another name."
        )
        self.name = name


def claim_names(
    account: ManagedAccount, managing: ManagingAccount | None = None
) -> None:
    """Claim the account's names in Spinnaker, or raise NameTaken and change nothing.
    Without the managing account, it is read. A name that was approved or proved stays
    the account's until another one was: see `free_names`.
    """
    wanted = spinnaker_names(managed_of(account))
    for name, times in Counter(map(any_case, wanted)).items():
        if times > 1:
            raise NameTaken(name, account)
    of_roles = managing.kept_names if managing else kept_names()
    kept = {any_case(name): one for name, one in of_roles.items()}
    for name in wanted:
        one = kept.get(any_case(name))
        if one and one.account_id != account.account_id:
            raise NameTaken(name, f"{one.account} ({one.account_id}), kept in AWS")
    with transaction.atomic():
        held = set(account.spinnaker_names.values_list("name", flat=True))
        for name in wanted:
            if name in held:
                continue
            try:
                with transaction.atomic():
                    SpinnakerName.objects.create(name=name, account=account)
            except IntegrityError as error:
                names = SpinnakerName.objects.select_related("account")
                owner = names.get(name__iexact=name)
                if owner.account_id != account.pk:  # else pressed twice
                    raise NameTaken(name, owner.account) from error
            held.add(name)
        free_names(account)


def free_names(account: ManagedAccount) -> None:
    """Give up the names by which the account isn't described, nor was approved, nor is
    in bundles.
    """
    names = (*spinnaker_names(managed_of(account)), *in_use([account.pk]))
    used = {*map(any_case, names)}
    for one in account.spinnaker_names.all():
        if any_case(one.name) not in used:
            one.delete()


def in_use(accounts: Iterable[UUID]) -> set[str]:
    """Find the names by which Spinnaker knows these accounts, or soon will."""
    rows = ManagedAccount.objects.order_by().only("approved_entries", "verified")
    return {
        entry["name"]
        for some in in_slices([*accounts])
        for row in rows.filter(pk__in=some)
        for entry in (*row.approved_entries, *row.verified.get("entries", ()))
    }


COLUMNS = (
    "url",
    "release",
    "sign_in",
    "username",
    "secret",
    "certificate",
    "key",
    "authorities",
    "poll_seconds",
)
"""Those that describe the connection; the others hold what is known of it."""
USUAL = Limits()

NOT_DESCRIBED = (
    "Bowline isn't connected to Spinnaker. Ask an administrator to connect it in "
    "Settings."
)


class NotConnected(Refused):
    """There is no connection that can be used; the sentence says what to do."""

    code = "CANNOT_CONNECT"


def connection_of(row: Spinnaker) -> Connection:
    return Connection(**{name: getattr(row, name) for name in COLUMNS})


def connected() -> Spinnaker:
    """Return the row; raise NotConnected where nobody described it."""
    row = Spinnaker.objects.first()
    if row is None:
        raise NotConnected(NOT_DESCRIBED)
    return row


def gate_of(row: Spinnaker, *, threads: int = 1, limits: Limits = USUAL) -> Gate:
    """Return the Gate that the row describes; raise NotConnected. Nothing is sent."""
    described = connection_of(row)
    for problem in (*described.problems(), *refusals(described)):
        raise NotConnected(f"The connection can't be used. {problem[1]}")
    try:
        sign_in = sign_in_of(described)
        authorities = described.authorities and path_of(described.authorities)
        send = sender(
            described.url,
            sign_in,
            allowed=allowed(),
            limits=limits,
            authorities=authorities,
            threads=threads,
        )
    except NoSecret as error:
        raise NotConnected(str(error)) from None
    except OSError:  # of OpenSSL, too
        raise NotConnected(
            "The certificate, its key, or the certificate authorities file isn't "
            "valid PEM, or the key belongs to another certificate."
        ) from None
    return Gate(send, time.sleep)


def refusals(described: Connection) -> list[tuple[str, str]]:
    """Name each field that the operator does not allow, and what would allow it."""
    found = []
    try:
        host = Endpoint.of(described.url, allowed()).host
    except ValueError as error:
        found.append(("url", str(error)))
    else:
        known = {one.lower() for one in settings.SPINNAKER.hosts}
        if described.secret and host not in known:
            found.append(
                (
                    "url",
                    "Bowline sends a token or a password only to allowed hosts: add "
                    f"{host} to SPINNAKER_ALLOWED_HOSTS.",
                )
            )
    for name in ("secret", "certificate", "key", "authorities"):
        reference = getattr(described, name)
        if reference and (refused := refusal(reference, settings.SPINNAKER)):
            found.append((name, refused))
    return found


def allowed() -> Allowed:
    reach = settings.SPINNAKER
    return Allowed(reach.hosts, reach.networks, reach.plain_http)


def sign_in_of(described: Connection) -> SignIn:
    """Read the secret; raise NoSecret where there is none."""
    allowed_secrets = settings.SPINNAKER
    try:
        match described.sign_in:
            case SignInBy.TOKEN:
                return by_token(secret_of(described.secret, allowed_secrets))
            case SignInBy.BASIC:
                return by_password(
                    described.username, secret_of(described.secret, allowed_secrets)
                )
            case SignInBy.CERTIFICATE:
                key = described.key and path_of(described.key)
                return SignIn(certificate=path_of(described.certificate), key=key)
        return SignIn()
    except ValueError:
        raise NotConnected(
            f"What {described.secret} doesn't contain a valid token. A token is one "
            "line of printable ASCII characters."
        ) from None


def path_of(reference: str) -> str:
    return str(file_of(reference, settings.SPINNAKER))


What = Activity.What
ABOUT = "Spinnaker"
"""What the activity log calls it."""


def hold_connection(*_: Connection) -> None:
    list(Spinnaker.objects.select_for_update(no_key=True))


@setting("change the connection with Spinnaker", locks=hold_connection)
def describe_spinnaker(described: Connection, by: User | None) -> bool:
    """Keep it; return whether anything changed. A test of before is then gone."""
    columns = {**asdict(described), "release": str(Release.of(described.release))}
    row = Spinnaker.objects.first()
    changed = [n for n in COLUMNS if row is None or getattr(row, n) != columns[n]]
    if not changed:
        return False
    new = {"version": F("version") + 1, "tested_at": None, "result": None}
    if not Spinnaker.objects.update(**columns, **new):
        Spinnaker.objects.create(**columns)
    Spinnaker.objects.get().authors.add(*keys_of(by))
    detail = {"url": described.url, "sign_in": described.sign_in}
    record(by, What.SETTINGS, ABOUT, {**detail, "changed": changed})
    return True


how_it_runs = shared_by_all("how Spinnaker is run")


@decision("say how Spinnaker is run", OPERATOR, What.SETTINGS, touches=how_it_runs)
def say_run_by(by: User | None, *, run_by: str) -> None:
    """Record how Spinnaker is run, where that is news. It decides what pages show
    first, and nothing else.
    """
    if run_by and run_by not in {way.key for way in WAYS}:
        raise DetailsError("run_by", "Choose how Spinnaker is run.")
    row = managing_row()
    if (
        ManagingAccount.objects.filter(pk=row.pk)
        .exclude(run_by=run_by)
        .update(run_by=run_by)
    ):
        record(by, What.SETTINGS, ABOUT, {"run by": run_by or "not set"})


@setting("disconnect Spinnaker")
def disconnect(by: User | None) -> bool:
    """Forget the connection; what was delivered stays in Spinnaker."""
    hold_connection()
    row = Spinnaker.objects.first()
    if row is None:
        return False
    row.delete()
    record(by, What.SETTINGS, ABOUT, {"disconnected": row.url})
    return True
