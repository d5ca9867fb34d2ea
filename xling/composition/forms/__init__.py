"""The forms of plans, one in each file: how each is written and what it does at each site."""
