"""What is asked before anything is planned: the organization, clusters, look-ups."""
