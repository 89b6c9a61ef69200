"""What an installation puts on the machine beside the units: user, folders, log rotation, the command `hotline`; pure."""

from __future__ import annotations

from pathlib import PurePosixPath

from hotline_core.settings import Settings
from launcher.install import layout
from launcher.install.files import InstalledFile

USERS = PurePosixPath("/etc/sysusers.d/hotline.conf")
FOLDERS = PurePosixPath("/etc/tmpfiles.d/hotline.conf")


def users(settings: Settings) -> InstalledFile:
    """The system user, for systemd-sysusers; without a password and without a shell."""
    return InstalledFile(USERS, f'u {layout.USER} - "Hotline 12328 and 12345" {settings.home}\n')


def folders(settings: Settings) -> InstalledFile:
    """Folders and who may enter them, for systemd-tmpfiles: at each start of the machine and each installation.

    Other folders for backups and for the security log than ours are the operator's: they may hold more than the hotline's files.
    """
    user, home = layout.USER, settings.home
    # there before Asterisk first writes it: fail2ban does not start without the file it is to read
    security_log = f"f {settings.security_log} 0600 {user} {user} -\n" if settings.security_log else ""
    text = f"""# Folders of the hotline and who may enter them. Written by make install, which overwrites it.
d {layout.CONFIGURATION} 0750 root {user} -
d {home} 0700 {user} {user} -
d {home}/spool 0700 {user} {user} -
d {home}/log 0700 {user} {user} -
d {layout.SECURITY_LOGS} 0750 {user} {user} -
d {layout.BACKUPS} 0700 {user} {user} -
{security_log}# passwords of trunks that were put there by root
z {home}/*.secret 0600 {user} {user} -
z {home}/secrets.json 0600 {user} {user} -
"""
    return InstalledFile(FOLDERS, text)


def logrotate(settings: Settings) -> InstalledFile:
    """As much as under supervisord: 10 MB, three old ones. Parts keep their log open, so it is copied and emptied."""
    text = f"""# Logs of the parts. Written by make install, which overwrites it.
{settings.paths.log}/*.log {{
  size 10M
  rotate 3
  copytruncate
  missingok
  notifempty
}}
"""
    return InstalledFile(layout.LOGROTATE, text)


def command() -> InstalledFile:
    """`hotline TARGET`: a make target with the service's settings, as its user."""
    text = f"""#!/bin/sh
# A command of the hotline with the settings of the service: hotline doctor, hotline -m agent_desktop.accounts list.
cd {layout.CURRENT} && exec .venv/bin/python -m launcher.install.command "$@"
"""
    return InstalledFile(layout.COMMAND, text, 0o755)
