"""The same formula in lower precision."""
