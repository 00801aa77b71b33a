"""How well answers are given: the development set, the gate, what is sent, and citations that are wrong on purpose."""
