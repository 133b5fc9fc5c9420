from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from django.utils import timezone

from accounts.forms.account import AccessForm, IdentityForm, ProvidersForm
from accounts.models import ManagedAccount
from tests.rows import account_row

pytestmark = pytest.mark.django_db

HOSTILE = ["$(id)", "`id`", "a'b", 'a"b', "a\nb", "@/etc/passwd", "-x", "a;b", "ä"]


def identity(**fields: Any) -> IdentityForm:
    plain = {"name": "dev", "account_id": "333333333333"}
    return IdentityForm({**plain, **fields})


def errors(form: Any, field: str) -> str:
    return " ".join(form.errors.get(field, []))


@pytest.mark.parametrize(
    "written", ["0123 4567 8901", "0123-4567-8901", "012345678901", " 012345678901 "]
)
def test_an_account_id_is_normalised_to_its_digits(written: str) -> None:
    form = identity(account_id=written)

    assert form.is_valid(), form.errors
    assert form.cleaned_data["account_id"] == "012345678901"


@pytest.mark.parametrize(
    ("field", "written", "says"),
    [
        *(
            ("account_id", one, f"“{one}” isn't valid")
            for one in ("12345678901", "1234567890123", "12345678901x")
        ),
        *(
            ("name", one, "Use 1 to 60 letters")
            for one in (*HOSTILE, "a:b", "a/b", "-a", ".a", "x" * 61)
        ),
        ("write_roles", "ops\x07", "control character"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(
    field: str, written: str, says: str
) -> None:
    assert says in errors(identity(**{field: written}), field)


@pytest.mark.parametrize("written", ["Prod", "my_account", "aws.prod"])
def test_a_name_that_pipelines_may_contain_is_kept_as_it_is(written: str) -> None:
    form = identity(name=written)

    assert form.is_valid(), form.errors
    assert form.cleaned_data["name"] == written
    assert "use a–z, 0–9" in form.fields["name"].help_text


def test_a_name_that_another_account_has_is_refused_with_its_owner() -> None:
    account_row("dev", account_id="444444444444")

    form = identity(name="Dev")

    assert "“dev” is already the name of AWS account 444444444444" in errors(
        form, "name"
    )


def test_an_account_that_is_described_already_is_refused_with_its_name() -> None:
    account_row("prod", account_id="444444444444")

    form = identity(account_id="4444 4444 4444")

    assert "already in Bowline, as “prod”" in errors(form, "account_id")


@pytest.mark.parametrize(
    ("regions", "partition", "says"),
    [
        ("us-est-1 eu-west-1", "aws", ("“us-est-1” isn't a Region", "us-east-1")),
        ("us-est-1, $(id)", "aws", ("us-est-1", "$(id)")),
        ("us-east-1", "aws-cn", ("AWS China",)),
    ],
    ids=["near ones", "every one", "of another partition"],
)
def test_unknown_regions_are_told(
    regions: str, partition: str, says: tuple[str, ...]
) -> None:
    form = AccessForm({"regions": regions}, partition=partition)

    for one in says:
        assert one in errors(form, "regions")


def test_ticked_and_typed_regions_are_one_list() -> None:
    data = QueryDict(mutable=True)
    data.setlist("regions", ["us-east-1", "eu-west-1", "us-west-2, us-east-1"])

    form = AccessForm(data)

    assert form.is_valid(), form.errors
    assert form.cleaned_data["regions"] == ["us-east-1", "eu-west-1", "us-west-2"]


def test_roles_are_separated_by_commas_and_keep_their_spaces() -> None:
    form = identity(read_roles="developers, site reliability,developers")

    assert form.is_valid(), form.errors
    assert form.cleaned_data["read_roles"] == ["developers", "site reliability"]


def test_the_same_account_again_changes_nothing() -> None:
    row = account_row(read_roles=["developers"])
    data = {
        "name": "staging",
        "account_id": "9222-2222-2222",
        "read_roles": "developers",
    }

    form = IdentityForm(data, instance=row)

    assert form.is_valid(), form.errors
    assert not form.has_changed()


def test_the_account_id_is_fixed_while_roles_stand_in_it() -> None:
    row = account_row(granted_at=timezone.now())
    data = {"name": "staging", "account_id": "333333333333"}

    form = IdentityForm(data, instance=row)

    assert form.is_valid(), form.errors
    assert form.cleaned_data["account_id"] == "922222222222"


@pytest.mark.parametrize("written", ["$(id)", "a b", "role/admin", "x" * 65])
def test_an_access_role_is_a_role_name(written: str) -> None:
    form = AccessForm({"access_role": written}, instance=account_row())

    assert not form.is_valid()
    assert form.errors["access_role"]


def test_the_external_id_of_an_ecs_account_must_be_turned_off() -> None:
    row = account_row(providers={"ecs": {}}, uses_external_id=True)

    form = AccessForm({"regions": "us-east-1", "uses_external_id": "on"}, instance=row)

    assert "Clouddriver drops it" in errors(form, "uses_external_id")


def test_ecs_is_refused_where_a_role_exists_that_requires_an_external_id() -> None:
    row = ManagedAccount(uses_external_id=True, granted_at=timezone.now())

    form = ProvidersForm({"providers": ["ecs", "ec2"]}, account=row)

    assert "Clouddriver drops it" in errors(form, "providers")


@pytest.mark.parametrize(
    ("held", "uses", "chosen", "then"),
    [
        ("ec2", True, ["ec2", "ecs"], False),
        ("ec2", True, ["lambda"], True),
        ("ec2", False, ["lambda"], False),
        ("ecs", False, ["ec2"], True),
        ("ecs", False, ["ecs"], False),
    ],
)
def test_before_anything_is_made_the_choice_decides_of_the_external_id(
    held: str, uses: bool, chosen: list[str], then: bool
) -> None:
    row = account_row(providers={held: {}}, uses_external_id=uses)

    form = ProvidersForm({"providers": chosen}, account=row)

    assert form.is_valid(), form.errors
    assert form.uses_external_id() is then


def test_no_external_id_comes_back_by_itself_once_a_role_exists() -> None:
    row = account_row(
        providers={"ecs": {}}, uses_external_id=False, granted_at=timezone.now()
    )

    form = ProvidersForm({"providers": ["ec2"]}, account=row)

    assert form.is_valid(), form.errors
    assert not form.uses_external_id()


@pytest.mark.parametrize(
    ("read", "write", "line"),
    [
        (
            *([], []),
            "In Spinnaker, everyone can view it and deploy to it. Its plans warn of "
            "that.",
        ),
        (["a", "b"], [], "a, b can view it and no one can deploy to it."),
        ([], ["a"], "no one can view it and a can deploy to it."),
        (["ops"], ["ops"], "In Spinnaker, ops can view it and deploy to it."),
    ],
)
def test_who_may_use_it_is_said_in_one_line(
    read: list[str], write: list[str], line: str
) -> None:
    form = IdentityForm(instance=account_row(read_roles=read, write_roles=write))

    assert form.who().endswith(line)


@pytest.mark.parametrize("chosen", [[], ["gce"]])
def test_one_of_the_providers_must_be_chosen(chosen: list[str]) -> None:
    form = ProvidersForm({"providers": chosen}, account=ManagedAccount())

    assert form.errors["providers"]


def test_errors_are_tied_to_their_fields() -> None:
    form = identity(name="d:v")

    html = str(form["name"])

    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html
