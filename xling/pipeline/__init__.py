"""Recipes: reading them, planning their stages, carrying these out, and collecting the results."""
