"""Sources: places outside from which a collection is kept up to date. `registry` sets them up, `work` has them looked at."""
