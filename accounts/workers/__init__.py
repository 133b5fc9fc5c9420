"""What a worker's processes do besides tasks: carry runs, and hold on to them; and the
schedule on which tasks begin by themselves.
"""
