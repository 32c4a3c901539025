"""The four services of Portería; they never import each other."""
