"""The forms that people fill in, by what they describe."""
