"""A recorder arrives; what is on its card."""
