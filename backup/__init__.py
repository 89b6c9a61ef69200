"""`make backup` and `make restore`: what is copied, whole and verified, and how it comes back."""
