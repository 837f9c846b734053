"""From text to claims: what was written, as data that can be judged."""
