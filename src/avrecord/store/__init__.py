"""Rows ↔ nouns. All SQL stands in `.sql` files; the database is a view of the log."""
