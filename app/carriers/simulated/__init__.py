"""The simulated network: phones on a screen, for the demo and for trying out."""
