"""The only place that calls AWS; raises AwsError and nothing else."""
