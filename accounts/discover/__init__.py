"""What is asked before anything is planned or built: the organization, clusters,
look-ups, comparisons of bundles.
"""
