"""One module per thing that must be right: what it looks at (`examine`), and its verdict over what was seen (`judge`, pure)."""
