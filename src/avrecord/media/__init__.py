"""What is in a file: frames and sound at given times. Files from cards are hostile; see `worker`."""
