"""Where clip bytes live and how they get there safely: no overwrite, no silent delete."""
