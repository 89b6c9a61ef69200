"""The words every part of the hotline shares: errors, settings, log, domain and adapters."""
