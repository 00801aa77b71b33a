"""How long the record's words are kept: holds, retention, and the erasure of a person. The events themselves stay."""
