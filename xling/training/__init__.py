"""One training loop, the objectives it minimises, and checkpoints that continue to the same bytes."""
