"""From claims to verdicts: values in as many digits as it takes, exact proofs, shapes of arrays."""

from gradlab.prove.judge._agreed import Finding as Finding
from gradlab.prove.judge._front import findings as findings
