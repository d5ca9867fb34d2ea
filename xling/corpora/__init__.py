"""Data sets: the cards that describe them, and their examples from files, the Hub or CLDR."""
