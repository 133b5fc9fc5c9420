"""What people say of an account.

The accounts file, forms, the API, tables, additions, watches and stored proofs are made
from the rows of `fields.py`: to add a field is to add a column to the model, and a row.
"""
