"""Each process of the house: what must hold before it serves anyone, that it lives, and what others ask of it."""
