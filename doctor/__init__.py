"""`make doctor`: one check per thing that must be right on a hotline in service, each line green or with its cure."""
