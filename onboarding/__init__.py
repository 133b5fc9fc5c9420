"""The engine: what AWS and Spinnaker should look like, and how to get there.

It imports neither Django nor Celery, and never `accounts`.
"""
