"""Emulators that are forked of one organization have nothing to do with each other."""

from __future__ import annotations

import boto3

from script.emulated_organization import MANAGING, Credentials
from script.servers import answers, wait_until
from tests.servers import Seeded


def users(credentials: Credentials) -> set[str]:
    iam = boto3.client(
        "iam",
        region_name=credentials.region,
        endpoint_url=credentials.endpoint,
        aws_access_key_id=MANAGING.account_id,
        aws_secret_access_key="any",
    )
    iam.create_user(UserName=f"user-{credentials.endpoint.rpartition(':')[2]}")
    return {one["UserName"] for one in iam.list_users()["Users"]}


def test_each_knows_the_organization_and_what_was_asked_of_it_alone(
    seeded: Seeded,
) -> None:
    with seeded.forked() as one, seeded.forked() as other:
        of_one, of_other = users(one), users(other)

    assert len(of_one & of_other) == len(of_one) - 1 == len(of_other) - 1 > 0


def test_one_ends_with_whoever_wanted_it(seeded: Seeded) -> None:
    with seeded.forked() as other:
        with seeded.forked() as one:
            pass
        wait_until(lambda: not answers(f"{one.endpoint}/"), what="It did not end")

        assert answers(f"{other.endpoint}/")
