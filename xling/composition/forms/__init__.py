"""The forms of plans, one a file: a value that prints, and what it does at each site once it has modules."""
