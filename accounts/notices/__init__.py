"""What people receive outside of the pages: noted where it happens, sent by a worker.

notifying: note it; texts: what it says; mail: how it is sent; sending: when, and again.
"""
