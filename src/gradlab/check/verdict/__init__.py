"""What follows: the rules by which claims are judged, entry by entry and many at once."""
