"""The IAM resources as CloudFormation templates."""
