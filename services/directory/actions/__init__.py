"""What can be done with parties and imports: each function one thing, in the caller's transaction."""
