"""How a team's target receives a notice: where that may be, and in which form.

places: what is allowed; posting: the request; bodies: what each channel reads; signing:
how a webhook's receiver knows that it is Bowline; target: all of it together.
"""
