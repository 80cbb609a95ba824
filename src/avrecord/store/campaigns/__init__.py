"""What no log says: how far mass work came, and what it found. On SQLite and PostgreSQL alike."""
