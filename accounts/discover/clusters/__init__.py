"""EKS clusters of many accounts: found by a worker, chosen, and described at once."""
