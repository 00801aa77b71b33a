"""Access that is asked for: what may be asked for, who asked, and who decided.

Nobody learns by asking that something exists: what is offered is offered by those who run it, under words of their own.
"""
