"""Settings that Spinnaker's services need for deployments, computed from the topology;
the formats of bundles and deliveries only place them.
"""
