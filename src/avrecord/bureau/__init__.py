"""Many stations' logs in one place: proved, indexed, cosigned."""
