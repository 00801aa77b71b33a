"""What compliance officers have between them: openings that another of them approves, and cases."""
