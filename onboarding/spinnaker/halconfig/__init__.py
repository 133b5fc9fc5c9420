"""A person's own halconfig: read as strictly as Halyard does, merged, written again.

parsing.py makes a tree of its text, schema.py refuses what Halyard would, merging.py
puts a bundle's accounts in, diff.py says what that did, writing.py makes text.
"""
