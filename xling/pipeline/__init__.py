"""Recipes: what they say, the stages that they ask for, and what comes out."""
