"""The form that asks for EKS clusters: a row for each that was found or is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from crispy_forms.layout import Layout
from django import forms

from accounts.web.layout import Fieldset, Sentence
from accounts.web.wizard.provider_forms.base import NOTHING, DetailsForm, NamesField
from onboarding.checks import Call
from onboarding.details import DetailsError
from onboarding.providers.eks import Cluster, Eks, cluster_list

if TYPE_CHECKING:
    from onboarding.topology import Managed

MOST_ROWS = 150
"""Django takes a thousand fields from a page; a row has six."""

SPARE_ROWS = 2
FIELDS = ("access", "name", "region", "account_name", "namespaces", "rights")
ACCESS = {
    "": "Leave this cluster out",
    "entry": "Bowline makes an access entry",
    "aws-auth": "I add the printed entry to the cluster's aws-auth",
}
RIGHTS = {
    "view": "View: see everything but secrets",
    "edit": "Edit: deploy workloads (enough for most)",
    "admin": "Admin: edit, and give rights inside namespaces",
    "cluster-admin": "Cluster admin: everything, nodes and custom resources too",
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
        rows = [*known_rows(managed, found, initial or {}), *[{}] * SPARE_ROWS]
        rows = rows[:MOST_ROWS]
        super().__init__(
            data, managed=managed, found=found, initial={"rows": len(rows)}
        )
        self.count = rows_posted(data) if data is not None else len(rows)
        rows += [{}] * (self.count - len(rows))
        for row in range(self.count):
            self.fields.update(row_fields(f"cluster-{row}-", rows[row], managed))
        self.helper.layout = self.layout(rows)

    def layout(self, rows: list[dict[str, Any]]) -> Layout:
        fieldsets = [
            Fieldset(title(rows[row]), *(f"cluster-{row}-{field}" for field in FIELDS))
            for row in range(self.count)
        ]
        note = (
            "Spinnaker's own identity is let into each cluster; no external ID and no "
            "managed role take part."
        )
        return Layout(Sentence(note), "rows", *fieldsets)

    def chosen(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield the prefix and the details of each row that names a cluster."""
        for row in range(self.count):
            prefix = f"cluster-{row}-"
            details = {f: self.cleaned_data.get(prefix + f, "") for f in FIELDS}
            if details["name"] and details["access"]:
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


def known_rows(
    managed: Managed, found: Mapping[Call, Any], initial: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the rows of the clusters described so far, then of others found."""
    described = set()
    for cluster in initial.get("clusters", ()):
        described.add((cluster["region"], cluster["name"]))
        yield dict(cluster)
    for region in managed.regions:
        answer = found.get(cluster_list(region)) or {}
        for name in answer.get("clusters", ()):
            if (region, name) not in described:
                yield {"name": name, "region": region, "access": ""}


def title(row: Mapping[str, Any]) -> str:
    if row.get("name"):
        return f"Cluster {row['name']} in {row['region']}"
    return "Another cluster"


def row_fields(
    prefix: str, row: Mapping[str, Any], managed: Managed
) -> dict[str, forms.Field]:
    fields = {
        "access": forms.ChoiceField(
            label="Access",
            choices=list(ACCESS.items()),
            required=False,
            initial="entry",
            help_text=(
                "An access entry needs the authentication mode API or "
                "API_AND_CONFIG_MAP."
            ),
        ),
        "name": forms.CharField(
            label="Cluster",
            required=False,
            max_length=100,
            help_text="The cluster's name in EKS. Empty: this row counts for nothing.",
        ),
        "region": forms.ChoiceField(
            label="Region",
            choices=[(region, region) for region in managed.regions],
            required=False,
            help_text="One of the account's regions: where the cluster is.",
        ),
        "account_name": forms.CharField(
            label="Account name",
            required=False,
            max_length=60,
            help_text=(
                "Its name in Spinnaker. Empty: the account's and the cluster's name, "
                f"like {managed.name}-apps."
            ),
        ),
        "namespaces": NamesField(
            label="Namespaces",
            required=False,
            help_text=(
                "Separated by commas. Empty: all, and Spinnaker may use all of them."
            ),
        ),
        "rights": forms.ChoiceField(
            label="Rights",
            choices=list(RIGHTS.items()),
            initial="edit",
            required=False,
            help_text=(
                "What Spinnaker may do in these namespaces, or in the whole cluster "
                "where none is named."
            ),
        ),
    }
    for name, field in fields.items():
        field.initial = row.get(name, field.initial)
    return {prefix + name: field for name, field in fields.items()}
