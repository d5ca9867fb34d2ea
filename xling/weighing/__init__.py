"""Finding the weights of a sum of plans by a handful of examples."""
