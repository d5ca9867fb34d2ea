"""Plans: which modules act in which order, and how they are put on a base."""
