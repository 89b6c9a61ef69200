"""Benchmarks of real parts beside their peers; `make bench` runs them and writes one report."""
