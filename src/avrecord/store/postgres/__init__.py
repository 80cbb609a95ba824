"""The index on PostgreSQL: the same statements, schema steps and queries as on a station."""
