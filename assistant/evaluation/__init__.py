"""How well questions are found and answered, measured on question sets that anyone can write."""
