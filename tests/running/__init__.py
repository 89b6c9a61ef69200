"""A whole running hotline for tests: PBX, carrier, bridge, desk and pages, as `make run` starts them."""
