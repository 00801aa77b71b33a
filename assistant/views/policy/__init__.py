"""The policy's room: its versions, a draft's rules, texts tried against it, and the way into force and back."""
