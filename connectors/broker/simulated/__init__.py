"""A broker that fills orders against bars, exactly and the same each time."""
