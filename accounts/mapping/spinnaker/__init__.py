"""The row of the connection with Spinnaker, as a value and back."""
