"""Evidence bundles: a part of the record to take away, with everything that an outsider needs to check it without us."""
