"""What happened, in a form that shows any later change. Pure."""
