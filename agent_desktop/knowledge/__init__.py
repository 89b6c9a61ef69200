"""What agents look up in a call: articles with every version they had, valid until a day, found by Chinese full-text search."""
