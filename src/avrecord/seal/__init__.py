"""Signing, the log, proofs, verifying."""
