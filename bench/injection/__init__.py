"""What teaches the score of `governance/policy/detectors/injection_score.py`, and what it is tried on."""
