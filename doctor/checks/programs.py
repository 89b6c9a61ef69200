"""Are Asterisk >= 22.5 with all its modules, Redis and nginx there, and can they be started?"""

from __future__ import annotations

from asterisk_conf.render import module_names
from doctor.finding import Finding, bad, good
from doctor.subject import Subject
from launcher.programs import asterisk_version, shortcoming, version_of

NAME = "programs"


def examine(subject: Subject) -> list[Finding]:
    """Looks for every file and asks Asterisk its version."""
    programs = subject.programs
    if programs is None:
        return [bad(NAME, "absent")]
    reason = shortcoming(programs, module_names())
    version = ".".join(map(str, version_of(asterisk_version(programs))))
    return [bad(NAME, "unfit", reason=reason) if reason else good(NAME, version=version, folder=programs.rootfs)]
