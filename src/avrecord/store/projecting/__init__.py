"""One function per kind of statement, in rooms by what the statement is about."""
