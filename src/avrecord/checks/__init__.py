"""Frames and words → observations. A check takes frames or words, never paths; one check per file."""
