"""The form for EKS clusters: those that were found are selected, and a button adds
others.

What is proposed is the least that Spinnaker can deploy with: Edit in one namespace that
every cluster has. An accounts file has no default for namespaces, so nothing is given
that nobody said. View would leave an account in Spinnaker in which every deployment
fails. Edit also reads the namespace's secrets, as the choice and the plan's risks say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from crispy_forms.layout import Layout
from django import forms

from accounts.forms.fields import (
    Fieldset,
    Included,
    ListField,
    MoreChoices,
    Sentence,
)
from accounts.forms.providers.base import NOTHING, DetailsForm
from accounts.help.documents import more
from onboarding.checks import Call
from onboarding.details import DetailsError
from onboarding.providers.eks import Cluster, Eks, cluster_list, joined

if TYPE_CHECKING:
    from onboarding.topology import Managed

MOST_ROWS = 140
"""Django takes a thousand fields from a page; a row has seven."""

ADD = "add"
"""The button that asks for one more row."""

FIELDS = ("name", "region", "rights", "namespaces", "access", "account_name")
NAMESPACE, PROPOSED = "default", "edit"

ACCESS = {
    "entry": "Bowline creates an access entry",
    "aws-auth": "I add the displayed entry to the cluster's aws-auth ConfigMap",
}
RIGHTS = {
    "view": "View: read everything except secrets",
    "edit": "Edit: deploy workloads, and read secrets",
    "admin": "Admin: edit, and grant permissions in the namespaces",
    "cluster-admin": "Cluster admin: everything, including nodes and custom resources",
}


class EksForm(DetailsForm):
    asks_for = Eks
    rows = forms.IntegerField(
        widget=forms.HiddenInput, min_value=0, max_value=MOST_ROWS, required=False
    )

    def __init__(
        self,
        data: Any = None,
        *,
        managed: Managed,
        found: Mapping[Call, Any] = NOTHING,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        self.adds = adds = data is not None and ADD in data
        if adds:
            # One more row for what was filled in so far, which nobody judges yet.
            rows, data = [*posted_rows(data), {}], None
        else:
            rows = list(known_rows(managed, found, initial or {})) or [{}]
        rows = rows[:MOST_ROWS]
        super().__init__(
            data, managed=managed, found=found, initial={"rows": len(rows)}
        )
        self.count = rows_posted(data) if data is not None else len(rows)
        rows += [{}] * (self.count - len(rows))
        for row in range(self.count):
            self.fields.update(row_fields(f"cluster-{row}-", rows[row], managed))
        if adds:
            self.fields[f"cluster-{len(rows) - 1}-name"].widget.attrs["autofocus"] = ""
        self.helper.layout = self.layout(rows)

    def layout(self, rows: list[dict[str, Any]]) -> Layout:
        note = "Spinnaker's identity gets access to each cluster."
        fieldsets = [
            row_layout(row, rows[row], self.managed) for row in range(self.count)
        ]
        button = Included("wizard/_add_cluster.html")
        return Layout(Sentence(note), "rows", *fieldsets, button)

    def chosen(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the prefix and the details of each row that is selected and named."""
        for row in range(self.count):
            prefix = f"cluster-{row}-"
            details = {f: self.cleaned_data.get(prefix + f, "") for f in FIELDS}
            if details["name"] and self.cleaned_data.get(f"{prefix}use"):
                yield prefix, details

    def details(self) -> dict[str, Any]:
        return {"clusters": [details for _, details in self.chosen()]}

    def clean(self) -> dict[str, Any]:
        for prefix, details in self.chosen():
            try:
                Cluster.from_details(details)
            except DetailsError as error:
                self.add_error(prefix + error.field, str(error))
        return super().clean()


def rows_posted(data: Any) -> int:
    rows = str(data.get("rows", ""))
    return min(int(rows), MOST_ROWS) if rows.isdecimal() else 0


def posted_rows(data: Any) -> list[dict[str, Any]]:
    """Read the rows back as they were filled in."""
    return [
        {
            "use": f"cluster-{row}-use" in data,
            **{field: data.get(f"cluster-{row}-{field}", "") for field in FIELDS},
        }
        for row in range(rows_posted(data))
    ]


def known_rows(
    managed: Managed, found: Mapping[Call, Any], initial: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of the clusters described so far, then of others found: selected,
    unless a person has been through here and left them out.
    """
    described = set()
    for cluster in initial.get("clusters", ()):
        described.add((cluster["region"], cluster["name"]))
        # What it does not say is the provider's default, and not what a new row has.
        yield {"rights": "edit", "namespaces": [], **cluster}
    for region in managed.regions_of_all:
        answer = found.get(cluster_list(region)) or {}
        for name in answer.get("clusters", ()):
            if (region, name) not in described:
                yield {"name": name, "region": region, "use": not described}


def row_layout(number: int, row: Mapping[str, Any], managed: Managed) -> Fieldset:
    """Lay out a row: what is known of a cluster is its title, and not asked for."""
    prefix = f"cluster-{number}-"
    name = row.get("account_name") or joined(managed.name, row.get("name") or "cluster")
    more = MoreChoices(
        (
            f"{ACCESS.get(row.get('access', ''), ACCESS['entry'])}. Its name in "
            f"Spinnaker is {name}."
        ),
        *(prefix + field for field in ("access", "account_name")),
    )
    asked = ("name", "region", "use", "rights", "namespaces")
    known = row.get("name") and f"Cluster {row['name']} in {row['region']}"
    return Fieldset(
        known or "Another cluster", *(prefix + field for field in asked), more
    )


def alike_fields() -> dict[str, forms.Field]:
    """Return the fields that can be the same for several clusters."""
    return {
        "rights": forms.ChoiceField(
            label="Access level",
            choices=list(RIGHTS.items()),
            initial=PROPOSED,
            required=False,
            help_text=more("View can't deploy.", "prepare-accounts#amazon-eks"),
        ),
        "namespaces": ListField(
            label="Namespaces",
            required=False,
            initial=NAMESPACE,
            help_text="Comma-separated list. Leave empty to include all namespaces.",
        ),
        "access": forms.ChoiceField(
            label="Access",
            choices=list(ACCESS.items()),
            required=False,
            initial="entry",
            help_text=more("", "prepare-accounts#amazon-eks"),
        ),
    }


def row_fields(
    prefix: str, row: Mapping[str, Any], managed: Managed
) -> dict[str, forms.Field]:
    fields: dict[str, forms.Field] = {
        "use": forms.BooleanField(
            label="Spinnaker can use this cluster",
            required=False,
            initial=True,
        ),
        "name": forms.CharField(
            label="Cluster",
            required=False,
            max_length=100,
            help_text="The name of the cluster in EKS.",
        ),
        "region": forms.ChoiceField(
            label="Region",
            choices=[(region, region) for region in managed.regions_of_all],
            required=False,
        ),
        **alike_fields(),
        "account_name": forms.CharField(
            label="Account name",
            required=False,
            max_length=60,
            help_text=(
                "The name in Spinnaker. Leave empty for a name such as "
                f"{managed.name}-apps."
            ),
        ),
    }
    for name, field in fields.items():
        field.initial = row.get(name, field.initial)
        if row.get("name"):
            field.in_full = f"{field.label} of {row['name']}"  # type: ignore[attr-defined]  # for wrong_fields
    if row.get("name"):
        for name in ("name", "region"):
            fields[name].widget = forms.HiddenInput()
    return {prefix + name: field for name, field in fields.items()}
