"""The systemd units of the service: one for each part, ordered, hardened, started again with growing pauses; pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from hotline_core.settings import Settings
from launcher.install import layout
from launcher.install.files import InstalledFile

TARGET = "hotline.target"
PREPARE = "hotline-prepare.service"
FIREWALL = "hotline-firewall.service"
LOGS, BACKUP = "hotline-logs", "hotline-backup"  # each a timer and what it starts
# Who is waited for, where both are there: nothing breaks without it, but nobody has to try twice either.
AFTER = {
    "asterisk": ("redis",), "carrier": ("asterisk",), "bridge": ("redis", "asterisk"), "desk": ("redis", "bridge"),
    "relay": ("asterisk",), "worker": ("bridge",), "front": ("desk", "relay"), "probe": ("front",),
}  # fmt: skip
LOWEST_FREE_PORT = 1024  # below, a program needs a capability
STEPS_SINCE = 254  # systemd that knows RestartSteps
OPEN_FILES = 65536
STOP_S = 10

_HARDENED = """UMask=0077
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome={home}
ReadWritePaths={writable}
PrivateTmp=yes
PrivateDevices=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
CapabilityBoundingSet={capability}
AmbientCapabilities={capability}
"""


def units(settings: Settings, parts: Sequence[str], systemd: int) -> list[InstalledFile]:
    """All units for these parts; `systemd` is its version on the machine."""
    timers = [LOGS, *([BACKUP] if settings.backup else [])]
    found = [_unit(TARGET, _target(parts, timers)), _unit(PREPARE, _prepare(settings)), _unit(FIREWALL, _firewall())]
    found += [_unit(service(name), _part(settings, name, parts, systemd)) for name in parts]
    found += [_unit(f"{LOGS}.service", _logs(settings)), _unit(f"{LOGS}.timer", _LOGS_TIMER)]
    if settings.backup:
        found += [_unit(f"{BACKUP}.service", _backup(settings)), _unit(f"{BACKUP}.timer", _BACKUP_TIMER)]
    return found


def service(part: str) -> str:
    """The unit of a part."""
    return f"hotline-{part}.service"


def _unit(name: str, text: str) -> InstalledFile:
    return InstalledFile(layout.UNITS / name, text)


def _target(parts: Sequence[str], timers: Sequence[str]) -> str:
    wanted = " ".join([FIREWALL, *(service(name) for name in parts), *(f"{name}.timer" for name in timers)])
    return f"""# The whole hotline. Written by make install, which overwrites it; use systemctl edit.
[Unit]
Description=Hotline 12328 and 12345
Documentation=file:{layout.CURRENT}/docs/operations.md
Wants={wanted}

[Install]
WantedBy=multi-user.target
"""


def _prepare(settings: Settings) -> str:
    run = f"{layout.PYTHON} -m launcher prepare"
    return f"""# Checks, Asterisk's configuration, databases. `systemctl reload` does it again and leaves the parts running.
[Unit]
Description=Hotline: preparations
PartOf={TARGET}
Wants=network-online.target
After=network-online.target time-sync.target postgresql.service {FIREWALL}

[Service]
Type=oneshot
RemainAfterExit=yes
{_common(settings, _binding(settings.http_port, settings.sip_port))}ExecStart={run} --patient
ExecReload={run}
TimeoutStartSec=infinity
"""


def _part(settings: Settings, name: str, parts: Sequence[str], systemd: int) -> str:
    after = " ".join([PREPARE, *(service(other) for other in AFTER.get(name, ()) if other in parts)])
    ports = {"front": settings.http_port, "asterisk": settings.sip_port}
    capability = _binding(ports[name]) if name in ports else ""
    pauses = "RestartSteps=6\nRestartMaxDelaySec=20\n" if systemd >= STEPS_SINCE else ""
    reload = "ExecReload=/bin/kill -HUP $MAINPID\n" if name == "front" else ""
    # the last one the kernel may end when memory is short: nothing can replace it
    last = "OOMScoreAdjust=-500\n" if name == "asterisk" else ""
    return f"""[Unit]
Description=Hotline: {name}
PartOf={TARGET}
Requires={PREPARE}
After={after}
StartLimitIntervalSec=0

[Service]
Type=exec
{_common(settings, capability)}ExecStart={layout.PYTHON} -m launcher part {name} --log
{reload}Restart=always
RestartSec=1
{pauses}TimeoutStopSec={STOP_S}
LimitNOFILE={OPEN_FILES}
{last}"""


def _binding(*ports: int) -> str:
    """What it takes to listen there (the preparations try whether the ports are free)."""
    return "CAP_NET_BIND_SERVICE" if min(ports) < LOWEST_FREE_PORT else ""


def _common(settings: Settings, capability: str = "") -> str:
    logs, masters = (file and file.parent for file in (settings.security_log, settings.recording_masters))
    beside = [each for each in (logs, settings.backup, settings.archive, settings.recording_heads, masters) if each]
    folders = [settings.home, settings.cache, *beside]
    is_hidden = not any(str(folder).startswith(("/home/", "/root/", "/run/user/")) for folder in folders)
    hardened = _HARDENED.format(
        home="yes" if is_hidden else "no", writable=" ".join([str(settings.home), *(f"-{each}" for each in beside)]),
        capability=capability,
    )  # fmt: skip
    return f"""User={layout.USER}
Group={layout.USER}
EnvironmentFile={layout.ENVIRONMENT}
WorkingDirectory={layout.CURRENT}
{hardened}"""


def _firewall() -> str:
    nft = PurePosixPath("/usr/sbin/nft")
    return f"""[Unit]
Description=Hotline: firewall for its own ports
PartOf={TARGET} nftables.service
Wants=network-pre.target
Before=network-pre.target
After=nftables.service
DefaultDependencies=no

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart={nft} -f {layout.FIREWALL}
ExecReload={nft} -f {layout.FIREWALL}
ExecStop={nft} delete table inet hotline
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
NoNewPrivileges=yes
CapabilityBoundingSet=CAP_NET_ADMIN
RestrictAddressFamilies=AF_UNIX AF_NETLINK
"""


def _logs(settings: Settings) -> str:
    state = settings.paths.run / "logrotate.state"
    return f"""[Unit]
Description=Hotline: logs that have grown are put aside

[Service]
Type=oneshot
{_common(settings)}ExecStart=/usr/sbin/logrotate --state {state} {layout.LOGROTATE}
"""


def _backup(settings: Settings) -> str:
    return f"""[Unit]
Description=Hotline: a backup, made and proven
After={PREPARE}

[Service]
Type=oneshot
{_common(settings)}ExecStart={layout.PYTHON} -m backup make
IOSchedulingClass=idle
CPUSchedulingPolicy=batch
TimeoutStartSec=6h
"""


_BACKUP_TIMER = f"""[Unit]
Description=Hotline: a backup every night
PartOf={TARGET}

[Timer]
OnCalendar=*-*-* 02:30:00
RandomizedDelaySec=15min
Persistent=yes
"""

_LOGS_TIMER = f"""[Unit]
Description=Hotline: hourly look at the logs
PartOf={TARGET}

[Timer]
OnBootSec=10min
OnUnitActiveSec=1h
"""
