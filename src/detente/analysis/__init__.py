"""The analyses: one room for each question, and what all results share."""
