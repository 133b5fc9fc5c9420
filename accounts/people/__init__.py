"""Who may decide what: roles and their limits, policies of environments, what a
decision touches, who caused it, and the log of all decisions.
"""
