"""An answer on its way to whoever reads it: Valkey where it is there, the rows where it is not."""
