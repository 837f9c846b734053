"""Vectors and matrices: which shapes they have, and what is done with them entry by entry."""
