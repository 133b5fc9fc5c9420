"""Who may decide what: policies of environments, what a decision touches, who caused
it.
"""
