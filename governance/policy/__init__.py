"""Content policy: whether a text may pass.

`rules` are data, `detectors` find, `engine` decides, `streaming` does the same to a text that is still being
written, and `segments` says where such a text may be cut: none of these reads or writes a row. `versions` and `publishing`
keep a tenant's rules, `documents` is their form on disk and on the wire, `fixtures` tries them, `enforcement` notes what
was decided.
"""
