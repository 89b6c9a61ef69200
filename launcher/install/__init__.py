"""`make install`: the hotline as a service of a Debian machine, made of files that are written and commands that are run."""
