"""What runs next to hal: shipped in every bundle as hal/bowline/, with the scripts.

Needs Python 3.8 or newer and nothing else, and so imports nothing of Bowline's.
"""
