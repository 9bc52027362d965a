"""Command line of the evidence: bench, study, report."""
