"""Scores with confidence intervals, the HTML report, and the ranking of source languages."""
