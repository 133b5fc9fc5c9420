from __future__ import annotations

import jmespath
import pytest

from onboarding.checks import Call, Outcome
from onboarding.details import DetailsError
from onboarding.names import ACCOUNT_NAME
from onboarding.providers.eks import Cluster, Eks
from onboarding.topology import ExistingIdentity
from onboarding.verify.verification import Read
from tests.factories import MANAGED_ID, managed, managing
from tests.onboarding.providers.clusters import EAST, WEST, eks

IDENTITY = "arn:aws:iam::911111111111:role/SpinnakerAuthRole"
ANSWER = {
    "cluster": {
        "status": "ACTIVE",
        "arn": f"arn:aws:eks:us-east-1:{MANAGED_ID}:cluster/apps",
        "endpoint": "https://ABC.gr7.us-east-1.eks.amazonaws.com",
        "certificateAuthority": {"data": "LS0tLS1CRUdJTg=="},
        "accessConfig": {"authenticationMode": "API_AND_CONFIG_MAP"},
    }
}


def described(mode):
    cluster = {**ANSWER["cluster"], "accessConfig": {"authenticationMode": mode}}
    return {"cluster": cluster}


def test_it_needs_a_cluster():
    with pytest.raises(DetailsError, match="at least one cluster") as error:
        Eks.from_details({"clusters": []})

    assert error.value.field == "clusters"


def test_no_managed_role_takes_part():
    assert eks().grants(managing(), managed()) == ()


@pytest.mark.parametrize(
    ("cluster", "sentence"),
    [
        ("apps", "at least a name and a Region"),
        ({"name": "apps"}, "needs the detail “region”"),
        ({"region": EAST}, "needs the detail “name”"),
        ({"name": "apps", "region": EAST, "colour": "red"}, "has no “colour”"),
        ({"name": "apps", "region": EAST, "namespaces": "web"}, "must be a list"),
        ({"name": "apps", "region": EAST, "namespaces": [7]}, "“7” isn't valid"),
        ({"name": "apps", "region": EAST, "namespaces": ["a", "a"]}, "listed twice"),
        ({"name": "apps", "region": EAST, "namespaces": ["Web"]}, "A namespace has"),
        ({"name": 7, "region": EAST}, "“name” must be text"),
        ({"name": "$(id)", "region": EAST}, "A cluster's name has"),
        ({"name": "apps", "region": EAST, "account_name": "A:"}, "isn't valid"),
        ({"name": "apps", "region": EAST, "rights": "root"}, "Choose one of view"),
        ({"name": "apps", "region": EAST, "access": "magic"}, "Choose one of entry"),
        ({"name": "apps", "region": EAST, "endpoint": "http://x"}, "It is a URL"),
        ({"name": "apps", "region": EAST, "endpoint": "https://x/$(id)"}, "a URL"),
        ({"name": "apps", "region": EAST, "arn": "arn"}, "the cluster's ARN"),
        ({"name": "a", "region": EAST, "certificate_authority": "'"}, "It is base64"),
        (
            {
                "name": "apps",
                "region": EAST,
                "rights": "cluster-admin",
                "namespaces": ["web"],
            },
            "covers the whole cluster",
        ),
    ],
)
def test_a_cluster_that_cannot_be_right_is_refused(cluster, sentence):
    with pytest.raises(DetailsError, match=sentence) as error:
        Eks.from_details({"clusters": [cluster]})

    assert error.value.field == "clusters"


def test_a_cluster_is_onboarded_once():
    with pytest.raises(DetailsError, match="apps in us-east-1” is listed twice"):
        eks(Cluster("apps", EAST), Cluster("apps", EAST, rights="view"))


def test_a_cluster_must_be_in_a_region_of_the_account():
    with pytest.raises(DetailsError, match="is in eu-west-1, and the account in us-"):
        eks(Cluster("apps", "eu-west-1")).suit(managed())


def test_two_clusters_cannot_have_one_name():
    twice = eks(Cluster("apps", EAST, "web"), Cluster("jobs", EAST, "web"))

    with pytest.raises(DetailsError, match="“web” is listed twice"):
        twice.suit(managed())


def test_a_cluster_cannot_have_the_accounts_name():
    with pytest.raises(DetailsError, match="“staging” is listed twice"):
        eks(Cluster("apps", EAST, "staging")).suit(managed())


def test_a_cluster_that_suits_the_account_passes():
    assert eks().suit(managed()) is None


@pytest.mark.parametrize(
    ("clusters", "names"),
    [
        ([Cluster("apps", EAST)], ("staging-apps",)),
        ([Cluster("Apps_2", EAST)], ("staging-apps-2",)),
        ([Cluster("apps", EAST, "web")], ("web",)),
        (
            [Cluster("apps", EAST), Cluster("apps", WEST)],
            ("staging-apps", "staging-apps-us-west-2"),
        ),
        ([Cluster("a" * 100, EAST)], ("staging-" + "a" * 52,)),
    ],
)
def test_a_cluster_is_named_after_its_account(clusters, names):
    assert eks(*clusters).names(managed()) == names


def test_clusters_of_a_long_account_have_names_of_their_own_in_everything():
    account = managed(name="a" * 60)
    clusters = (Cluster("apps", EAST), Cluster("jobs", EAST), Cluster("apps", WEST))

    names = eks(*clusters).names(account)

    assert len({account.name, *names}) == 4
    assert all(ACCOUNT_NAME.regex.fullmatch(name) for name in names)
    assert names == eks(*clusters, Cluster("more", WEST)).names(account)[:3]
    entries = eks(*clusters).entries(managing(), account)
    assert [entry.name for entry in entries] == list(names)


def test_a_name_that_is_cut_and_free_is_left_as_it_is():
    assert eks(Cluster("applications", EAST)).names(managed(name="a" * 55)) == (
        "a" * 55 + "-appl",
    )


def test_another_cluster_never_renames_those_before_it():
    before = eks(Cluster("apps", EAST)).names(managed())

    after = eks(Cluster("apps", EAST), Cluster("apps", WEST)).names(managed())

    assert after[0] == before[0]


def test_clusters_are_searched_in_each_region():
    assert Eks.searches(managed()) == (
        Call("eks", "list_clusters", EAST),
        Call("eks", "list_clusters", WEST),
    )


def test_what_aws_tells_of_a_cluster_is_kept():
    (call,) = eks().lookups(managed())

    (cluster,) = eks().learned({call: ANSWER}).clusters

    assert cluster.endpoint == ANSWER["cluster"]["endpoint"]
    assert cluster.certificate_authority == "LS0tLS1CRUdJTg=="
    assert cluster.arn.endswith("cluster/apps")
    assert cluster.mode == "API_AND_CONFIG_MAP"


def test_a_cluster_that_aws_tells_nothing_of_stays_as_it_is():
    assert eks().learned({}) == eks()


def test_a_new_cluster_may_have_no_endpoint_yet():
    (call,) = eks().lookups(managed())
    answer = {"cluster": {"arn": ANSWER["cluster"]["arn"]}}

    (cluster,) = eks().learned({call: answer}).clusters

    assert (cluster.endpoint, cluster.mode) == ("", "")


def test_what_was_looked_up_is_nobodys_choice():
    (call,) = eks().lookups(managed())

    assert eks().learned({call: ANSWER}).choices() == eks()


def test_a_cluster_without_access_entries_is_refused_with_the_way_out():
    (call,) = eks().lookups(managed())

    with pytest.raises(DetailsError, match=r"cannot be undone.*update-cluster-config"):
        eks().learned({call: described("CONFIG_MAP")})


def test_aws_auth_needs_no_access_entries():
    by_hand = eks(Cluster("apps", EAST, access="aws-auth"))
    (call,) = by_hand.lookups(managed())

    (cluster,) = by_hand.learned({call: described("CONFIG_MAP")}).clusters

    assert cluster.mode == "CONFIG_MAP"


@pytest.mark.parametrize(
    ("rights", "policy"),
    [
        ("view", "AmazonEKSViewPolicy"),
        ("edit", "AmazonEKSEditPolicy"),
        ("admin", "AmazonEKSAdminPolicy"),
        ("cluster-admin", "AmazonEKSClusterAdminPolicy"),
    ],
)
def test_spinnakers_identity_is_let_in_with_these_rights(rights, policy):
    provider = eks(Cluster("apps", EAST, rights=rights))

    (access,) = provider.resources(managing(), managed())

    assert access.name == f"us-east-1/apps/{IDENTITY}"
    assert access.principal == IDENTITY
    assert access.policy_arn == f"arn:aws:eks::aws:cluster-access-policy/{policy}"


def test_the_entry_names_an_existing_identity_with_its_path():
    identity = ExistingIdentity("arn:aws:iam::911111111111:role/teams/spinnaker")

    (access,) = eks().resources(managing(identity=identity), managed())

    assert access.principal == identity.arn


def test_access_may_be_limited_to_namespaces():
    provider = eks(Cluster("apps", EAST, namespaces=("web", "jobs")))

    (access,) = provider.resources(managing(), managed())

    assert access.namespaces == ("web", "jobs")


def test_policies_of_another_partition_have_its_arn():
    (access,) = eks().resources(managing(partition="aws-us-gov"), managed())

    assert access.policy_arn.startswith("arn:aws-us-gov:eks::aws:")


def test_nothing_is_made_where_the_owner_edits_aws_auth():
    provider = eks(Cluster("apps", EAST, access="aws-auth"))

    assert provider.resources(managing(), managed()) == ()


def test_the_entry_carries_what_a_kubeconfig_needs():
    learned = eks().learned({eks().lookups(managed())[0]: ANSWER})

    (entry,) = learned.entries(managing(), managed(environment="test"))

    assert (entry.name, entry.cluster, entry.region) == ("staging-apps", "apps", EAST)
    assert entry.endpoint == ANSWER["cluster"]["endpoint"]
    assert (entry.environment, entry.principal) == ("test", IDENTITY)
    assert entry.by_access_entry


def check(provider, name):
    checks = provider.checks(managing(), managed())
    return next(c for c in checks if name in c.name)


def test_the_access_role_asks_since_spinnakers_chain_cannot_see():
    checks = eks().checks(managing(), managed())

    assert not any(check.as_managed_role for check in checks)


@pytest.mark.parametrize(("status", "met"), [("ACTIVE", True), ("CREATING", False)])
def test_a_cluster_must_be_active(status, met):
    expects = check(eks(), "is active").expects

    assert jmespath.search(expects, {"cluster": {"status": status}}) is met


@pytest.mark.parametrize(
    ("mode", "met"),
    [("API", True), ("API_AND_CONFIG_MAP", True), ("CONFIG_MAP", False)],
)
def test_a_cluster_must_know_access_entries(mode, met):
    entries = check(eks(), "supports access entries")

    assert jmespath.search(entries.expects, described(mode)) is met
    assert "Switch its authentication mode to API_AND_CONFIG_MAP" in entries.missing
    assert entries.change.endswith("authenticationMode=API_AND_CONFIG_MAP")


@pytest.mark.parametrize(
    ("mode", "met"),
    [("API", False), ("API_AND_CONFIG_MAP", True), ("CONFIG_MAP", True)],
)
def test_a_cluster_must_read_aws_auth_where_its_owner_edits_that(mode, met):
    reads = check(eks(Cluster("apps", EAST, access="aws-auth")), "in aws-auth")

    assert jmespath.search(reads.expects, described(mode)) is met
    assert "Choose the access entry in the details" in reads.missing


def test_what_aws_auth_maps_is_not_tested_and_decides_writes():
    """The cluster reads it; that somebody wrote the entry, only the cluster shows."""
    cluster = Cluster("apps", EAST, access="aws-auth")
    maps = Read("eks", check(eks(cluster), "in aws-auth"))

    result = maps.judged(described("CONFIG_MAP"))

    assert (result.outcome, result.unknown_writes) == (Outcome.NOT_TESTABLE, 1)
    assert f"whether aws-auth of cluster apps maps {IDENTITY}" in result.sentence
    assert "kubectl --namespace kube-system get configmap aws-auth" in result.sentence


def test_an_access_entry_is_read_and_not_walked():
    entry = check(eks(), "gives Spinnaker's identity access")

    assert entry.success is Outcome.EVALUATED
    assert dict(entry.call.parameters) == {
        "clusterName": "apps",
        "principalArn": IDENTITY,
    }
    assert jmespath.search(entry.expects, {"associatedAccessPolicies": []}) is False


@pytest.mark.parametrize(
    ("public", "networks", "met"),
    [
        (True, ["0.0.0.0/0"], True),
        (True, ["192.0.2.0/24"], False),
        (False, ["0.0.0.0/0"], False),
    ],
)
def test_an_endpoint_that_not_everybody_reaches_is_told(public, networks, met):
    endpoint = check(eks(), "is public")
    vpc = {"endpointPublicAccess": public, "publicAccessCidrs": networks}

    found = jmespath.search(endpoint.expects, {"cluster": {"resourcesVpcConfig": vpc}})

    assert found is met
    assert endpoint.advice
    assert "update-cluster-config" in endpoint.change


def test_reaching_the_endpoint_is_honestly_not_proved():
    endpoint = check(eks(), "Reach the endpoint")

    result = Read("eks", endpoint).judged(ANSWER)

    assert (result.outcome, result.unknown_writes) == (Outcome.NOT_TESTABLE, 0)
    assert "verify.sh" in result.sentence


def test_no_access_entry_is_looked_for_where_the_owner_edits_aws_auth():
    provider = eks(Cluster("apps", EAST, access="aws-auth"))

    names = [check.name for check in provider.checks(managing(), managed())]

    assert names == [
        "Cluster apps in us-east-1 is active",
        "Cluster apps in us-east-1 maps Spinnaker's identity in aws-auth",
        "The endpoint of cluster apps in us-east-1 is public",
        "Reach the endpoint of cluster apps in us-east-1",
    ]
