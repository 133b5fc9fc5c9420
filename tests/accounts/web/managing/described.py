"""What a person fills in for a managing account."""

DESCRIBED = {
    "name": "core",
    "account_id": "911111111111",
    "partition": "aws",
    "identity_kind": "instance_role",
    "identity_name": "SpinnakerAuthRole",
    "managed_role": "spinnakerManaged",
    "base_role": "BaseIAMRole",
    "assume": "listed",
}
