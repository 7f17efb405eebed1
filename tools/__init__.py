"""What makes the generated parts of the documentation and of a release."""
