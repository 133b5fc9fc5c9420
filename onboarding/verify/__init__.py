"""What verify() is made of: the walk along the chain, and what explains a refusal."""
