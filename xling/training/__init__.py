"""One training loop, the objectives that it minimises, and checkpoints from which a run resumes exactly."""
