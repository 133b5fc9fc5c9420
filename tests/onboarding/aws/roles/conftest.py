from tests.strict_aws.calls import calls as calls
