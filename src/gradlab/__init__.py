"""gradlab: a laboratory for gradients."""
