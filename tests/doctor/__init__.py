"""The doctor: every check both ways, the fix with its second look, bad surroundings, no leak, no trace."""
