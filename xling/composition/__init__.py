"""Plans say which modules act on a base and in which order; a composition applies them."""
