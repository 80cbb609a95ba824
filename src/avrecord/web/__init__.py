"""Pages for people, with a `.json` twin each."""
