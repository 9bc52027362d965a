"""Commands of haac_evidence."""
