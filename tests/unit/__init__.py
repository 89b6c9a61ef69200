"""Pure logic: no I/O beyond files of the checkout and temporary folders."""
