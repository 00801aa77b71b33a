"""The process in which parsers work: without network, with little memory and time, and with nothing to write to."""
