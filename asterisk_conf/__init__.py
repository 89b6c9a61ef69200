"""The PBX configuration as templates with one renderer."""
