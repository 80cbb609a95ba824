"""The nouns: frozen, comparable, standard library only."""
