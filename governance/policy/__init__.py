"""Content policy: whether a text may pass.

`rules` are data, `detectors` find, `engine` decides, `streaming` does the same to a text that is still being
written, and `segments` says where such a text may be cut. Nothing in here reads or writes a row.
"""
