"""The pages of an existing Spinnaker."""

from __future__ import annotations

from django.urls import path

from accounts.web.adopting import adding, in_aws, report, views

ONE = "accounts/adopt/<uuid:adoption>/"

pages = [
    path("accounts/adopt/", views.adopt, name="adopt"),
    path(ONE, report.adoption, name="adoption"),
    path(f"{ONE}report.json", report.adoption_json, name="adoption-json"),
    path(f"{ONE}report.txt", report.adoption_text, name="adoption-text"),
    path(f"{ONE}aws/", in_aws.adoption_in_aws, name="adoption-in-aws"),
    path(f"{ONE}add/", adding.adoption_add, name="adoption-add"),
    path("accounts/adopt/<slug:question>/", views.adopt_wait, name="adopt-wait"),
]
