"""From claims to verdicts: values in as many digits as it takes, exact proofs, shapes of arrays."""
