"""One file per group of routes; each route names the act it needs."""
