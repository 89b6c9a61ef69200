"""`make install`: the service on this machine, made or brought up to date; what is as it should be is left alone."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from hotline_core.errors import SettingsError, SetupError
from hotline_core.settings import DEFAULT_CITY, Settings, is_address, load_city, load_settings
from launcher import bootstrap, certificate, fetch, managers, rolling
from launcher.check_config import check_config
from launcher.install import environment, firewall, layout, machine, release, service, units
from launcher.install.bans import ban_files
from launcher.install.files import InstalledFile, write
from launcher.parts import CHECKOUT, parts_of
from launcher.programs import Programs
from launcher.texts import complain, say, sentence

PACKAGES = {
    "nftables": "/usr/sbin/nft", "logrotate": "/usr/sbin/logrotate", "fail2ban": "/usr/bin/fail2ban-server",
    "python3-systemd": "/usr/lib/python3/dist-packages/systemd",  # fail2ban reads the journal with it
}  # fmt: skip
BANS = "fail2ban.service"
TIMEOUT_S = 120


def main() -> int:
    """The exit code for make; a refusal is one sentence."""
    try:
        return install()
    except bootstrap.Refusal as refusal:
        bootstrap.tell(refusal.key, **refusal.facts)
    except (SettingsError, SetupError) as error:
        complain(error)
    except OSError as error:
        complain(SetupError("system", reason=error.strerror or str(error), what=error.filename or "install"))
    return 1


def install() -> int:
    """All steps in their order; each can be repeated. SetupError tells which could not be done."""
    if os.geteuid() != 0:
        raise SetupError("not_root", command="sudo make install")
    os.umask(0o022)
    release.check_python()
    if missing := [package for package, sign in PACKAGES.items() if not Path(sign).exists()]:
        bootstrap.install_system(missing)
    text, given_files = _environment()
    _first_city()
    if check_config() != 0:
        return 1
    settings, city = load_settings(), load_city(load_settings().city_file)
    from asterisk_conf.render import module_names

    programs = fetch.obtain(settings.cache, module_names())
    say("installing_code")
    made = release.lay(CHECKOUT, Path(layout.RELEASES))
    parts = [part.name for part in parts_of(settings, programs)]

    write([machine.users(settings)])
    _run("systemd-sysusers", str(machine.USERS))
    write([machine.folders(settings)])
    _run("systemd-tmpfiles", "--create", str(machine.FOLDERS))
    new = write([InstalledFile(layout.ENVIRONMENT, text, 0o600), *given_files])
    rules = write([InstalledFile(layout.FIREWALL, firewall.nft_table(settings, city), 0o600)])
    wanted = units.units(settings, parts, service.version())
    new_units = write(wanted)
    write([machine.logrotate(settings), machine.command()])
    bans = write(ban_files(settings, city))
    service.remove_stale({unit.path.name for unit in wanted})
    before = Path(layout.CURRENT).resolve() if Path(layout.CURRENT).is_symlink() else None
    is_new_code = release.put_in_force(made, Path(layout.CURRENT))
    service.enable()
    if not service.is_there():
        say("installed_only", command="systemctl start hotline.target")
    elif not service.is_running():
        say("start")
        service.start(settings)
        service.reload(BANS)
        say("service_ready", origin=settings.origin)
    elif is_new_code or new or new_units or rules or bans:
        for unit, changed in ((units.FIREWALL, rules), (BANS, bans)):
            if changed:
                service.reload(unit)
        _upgrade(settings, programs, parts, before, has_new_settings=bool(new))
    else:
        say("nothing_new", origin=settings.origin)
    release.remove_old(Path(layout.RELEASES), made)
    return 0


def _upgrade(settings: Settings, programs: Programs, parts: list[str], before: Path | None, *, has_new_settings: bool) -> None:
    """Calls go on; when the new code cannot even be prepared, the old one stays in force."""
    say("upgrading")
    try:
        service.prepare_again()
    except SetupError:
        if before is not None:
            release.put_in_force(before, Path(layout.CURRENT))
        raise
    # all others are asked how they are through the front: where the settings moved it, it comes first
    first = ["front"] if has_new_settings else []
    names = [*first, *(name for name in rolling.ORDER if name in parts and name not in first)]
    rolling.one_by_one(settings, programs, managers.Systemd(), names)
    say("upgraded", origin=settings.origin)


def _environment() -> tuple[str, list[InstalledFile]]:
    """The text of the settings' file, and the certificate's files if one was given; our own environment is then the service's."""
    given = {name: value for name, value in os.environ.items() if name.startswith("HOTLINE_")}
    path = Path(layout.ENVIRONMENT)
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    there = environment.read(text)
    given, files = _with_certificate({**{name: value for name, value in layout.DEFAULTS.items() if name not in there}, **given})
    values = {**there, **given}
    if names := _names_needed(values):
        given["HOTLINE_TLS_NAMES"] = values["HOTLINE_TLS_NAMES"] = names
    os.environ.update(values)
    known = {f"HOTLINE_{name.upper()}": _default(field.default) for name, field in Settings.model_fields.items()}
    return environment.merged(text, given, known, sentence("progress", "environment_header")), files


def _with_certificate(given: Mapping[str, str]) -> tuple[dict[str, str], list[InstalledFile]]:
    """A given pair is copied to where the service may read it (and is copied anew with each installation that gives it)."""
    kept = dict(given)
    pair = kept.get("HOTLINE_TLS_CERT"), kept.get("HOTLINE_TLS_KEY")
    own = str(layout.GIVEN_CERTIFICATE), str(layout.GIVEN_KEY)
    if not all(pair) or pair == own:
        return kept, []
    texts = [Path(str(each)).expanduser().read_text(encoding="ascii") for each in pair]
    try:
        is_pair = certificate.belong_together(texts[0].encode(), texts[1].encode())
    except ValueError:
        is_pair = False
    if not is_pair:
        raise SetupError("certificate_odd", certificate=pair[0], key=pair[1])
    kept.update(HOTLINE_TLS_CERT=own[0], HOTLINE_TLS_KEY=own[1])
    return kept, [
        InstalledFile(layout.GIVEN_CERTIFICATE, texts[0]),
        InstalledFile(layout.GIVEN_KEY, texts[1], 0o400, layout.USER),
    ]


def _names_needed(values: Mapping[str, str]) -> str:
    """For pages beyond loopback without any certificate: this machine's name and the address that is listened on."""
    bind = values.get("HOTLINE_BIND", "127.0.0.1")
    if bind.startswith("127.") or bind in ("localhost", "::1") or values.get("HOTLINE_TLS_CERT") or values.get("HOTLINE_TLS_NAMES"):
        return ""
    addresses = [bind] if is_address(bind) and bind not in ("0.0.0.0", "::") else []  # noqa: S104 - compared, not bound
    name = socket.getfqdn()
    names = [name] if "." in name and not is_address(name) else []  # an alias of loopback is no name for others
    return ",".join([*names, *addresses] or [socket.gethostname()])


def _first_city() -> None:
    """A city file to edit, where none is named that exists."""
    path = load_settings().city_file
    if not path.exists():
        write([InstalledFile(PurePosixPath(path), DEFAULT_CITY.read_text(encoding="utf-8"))])


def _default(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def _run(*argv: str) -> None:
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    if done.returncode != 0:
        raise SetupError("systemd_refused", command=" ".join(argv), reason=(done.stderr.strip().splitlines() or ["?"])[0])


if __name__ == "__main__":
    sys.exit(main())
