"""What follows from the nouns: pure functions, without clock, path or chance."""
