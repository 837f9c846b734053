"""What counts: the sizes of coordinates, and the scale below which a difference does not matter."""
