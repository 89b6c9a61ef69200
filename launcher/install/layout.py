"""Where an installation puts everything on a Debian machine, and as whom it runs."""

from __future__ import annotations

from pathlib import PurePosixPath

USER = "hotline"  # user and group
CODE = PurePosixPath("/opt/hotline")
RELEASES = CODE / "releases"
CURRENT = CODE / "current"  # a link to the release in force
PYTHON = CURRENT / ".venv/bin/python"
CONFIGURATION = PurePosixPath("/etc/hotline")
ENVIRONMENT = CONFIGURATION / "hotline.env"
FIREWALL = CONFIGURATION / "firewall.nft"
LOGROTATE = CONFIGURATION / "logrotate.conf"
GIVEN_CERTIFICATE = CONFIGURATION / "tls/certificate.pem"
GIVEN_KEY = CONFIGURATION / "tls/key.pem"
UNITS = PurePosixPath("/etc/systemd/system")
SECURITY_LOGS = PurePosixPath("/var/log/hotline")
BACKUPS = PurePosixPath("/var/backups/hotline")
COMMAND = PurePosixPath("/usr/local/bin/hotline")

# What the service starts with where neither the operator nor an earlier installation says otherwise.
DEFAULTS = {
    "HOTLINE_HOME": "/var/lib/hotline",
    "HOTLINE_CACHE": str(CODE / "programs"),
    "HOTLINE_CONFIG": str(CONFIGURATION / "city.yaml"),
    "HOTLINE_SECURITY_LOG": str(SECURITY_LOGS / "security.log"),
    "HOTLINE_BACKUP": str(BACKUPS),
}
