"""Campaigns: the ordinary tests' helpers, run exhaustively by `make campaign`; what they measured is in build/campaign."""
