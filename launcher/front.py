"""The one origin that browsers see: nginx before the desk and the telephone relay, both on Unix sockets."""

from __future__ import annotations

import grp
import json
import os
import pwd
from pathlib import Path

from agent_desktop.headers import always
from agent_desktop.wording import load_wording
from hotline_core.settings import Settings
from tickets.file_kinds import LARGEST_BYTES

# nginx's own refusals, before the desk or the relay is asked; 494 is its word for a header that is too large (told as 400)
REFUSALS = {
    400: "refused", 401: "not_signed_in", 403: "forbidden", 404: "not_found", 405: "method_not_allowed", 408: "refused",
    411: "refused", 413: "too_large", 414: "too_large", 415: "refused", 421: "refused", 426: "refused", 494: "too_large",
    500: "internal", 501: "refused", 502: "unavailable", 503: "unavailable", 504: "unavailable", 505: "refused",
}  # fmt: skip
CONNECTIONS = 4096  # 1000 desks hold two websockets each, each counted at both ends


def nginx_conf(settings: Settings, *, open_files: int, user: str | None = None) -> str:
    """The text of nginx.conf; `user` is the owner of HOTLINE_HOME when the master runs as root."""
    paths = settings.paths
    temporary = paths.run / "nginx"
    host = f"[{settings.bind}]" if ":" in settings.bind else settings.bind
    tls = ""
    if settings.certificate:
        certificate, key = settings.certificate
        tls = (
            f"    ssl_certificate {_quoted(certificate)};\n"
            f"    ssl_certificate_key {_quoted(key)};\n"
            "    ssl_protocols TLSv1.2 TLSv1.3;\n"
            "    ssl_session_cache shared:tls:4m;\n"
            "    ssl_session_tickets off;\n"
            "    # who typed the address without https\n"
            "    error_page 497 =308 https://$http_host$request_uri;\n"
        )
    connections = min(CONNECTIONS, max(256, open_files // 2))
    return f"""{f"user {user};" if user else ""}
daemon off;
worker_processes 1;
worker_rlimit_nofile {min(2 * CONNECTIONS, open_files)};
pid {_quoted(paths.run / "nginx.pid")};
# nginx writes the whole request with most errors, and a search's query holds a citizen's number: only what stops it is told.
error_log stderr alert;
events {{ worker_connections {connections}; }}
http {{
  # What failed, without query, referrer or anything of digits in its path.
  map $request_uri $place {{ default "/"; "~^(?<words>(?:/[a-z][a-z-]*)+)" $words; }}
  map $status $is_failed {{ default 0; "~^5" 1; }}
  log_format failed escape=json '{{"part":"front","level":"warning","event":"request failed","timestamp":"$time_iso8601",'
    '"method":"$request_method","place":"$place","status":$status,"upstream":"$upstream_status","took_s":$request_time}}';
  access_log /dev/stderr failed if=$is_failed;
  server_tokens off;
  client_max_body_size 1m;
  # a client that dribbles its request holds a connection for this long, not for a minute
  client_header_timeout 10s;
  client_body_timeout 10s;
  client_body_temp_path {_quoted(temporary / "body")};
  proxy_temp_path {_quoted(temporary / "proxy")};
  fastcgi_temp_path {_quoted(temporary / "fastcgi")};
  uwsgi_temp_path {_quoted(temporary / "uwsgi")};
  scgi_temp_path {_quoted(temporary / "scgi")};
  map $http_upgrade $connection_kind {{ default upgrade; "" ""; }}
  upstream desk {{ server {_quoted(f"unix:{paths.desk_socket}")} max_fails=0; }}
  upstream relay {{ server {_quoted(f"unix:{paths.relay_socket}")} max_fails=0; }}
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_kind;
  # The browser is the only hop before us: what it claims about itself is not passed on.
  proxy_set_header X-Forwarded-For $remote_addr;
  proxy_set_header X-Forwarded-Proto $scheme;
  proxy_set_header X-Forwarded-Host $http_host;
  proxy_connect_timeout 2s;
  proxy_read_timeout 1h;
  proxy_send_timeout 1h;
  proxy_max_temp_file_size 0;
  server {{
    listen {host}:{settings.http_port}{" ssl" if tls else ""};
{tls}{_refusals(is_tls=bool(tls))}    # a handshake that fails is told by libraries, in their own words
    location = /sip {{
      if ($request_method != GET) {{ return 405; }}
      proxy_pass http://relay;
      proxy_intercept_errors on;
    }}
    location = /ws {{ proxy_pass http://desk; proxy_intercept_errors on; }}
    # files of tickets; who may not add one is refused before it is read to its end by the desk, and no body is kept here
    location ~ "^/api/tickets/[0-9]{{14}}/attachments$" {{
      client_max_body_size {LARGEST_BYTES};
      proxy_request_buffering off;
      proxy_pass http://desk;
    }}
    # Scripts and styles hold nobody's data; what does is sent as it is: its compressed length would tell of it (BREACH).
    location /static/ {{
      gzip on;
      gzip_comp_level 6;
      gzip_vary on;
      gzip_types text/css text/javascript application/javascript image/svg+xml;
      proxy_pass http://desk;
    }}
    location / {{ proxy_pass http://desk; }}
  }}
}}
"""


def _refusals(*, is_tls: bool) -> str:
    """What the front says in the desk's place: its code, its sentence and its headers, never a page of nginx's own."""
    wording, parts = load_wording(), []
    headers = always(is_tls) | {"cache-control": "no-store"}
    added = " ".join(f'add_header {name} "{value}" always;' for name, value in headers.items())
    for status, code in REFUSALS.items():
        body = json.dumps({"code": code, "message": wording.sentence(code), "facts": {}}, ensure_ascii=False)
        told = 431 if status == 494 else status
        kind = "default_type application/json; charset utf-8; charset_types application/json;"
        said = f"internal; {kind} {added} return {told} '{body}';"
        # a path and no named location: nginx cannot go to one of those when it has read no path
        parts.append(f"    error_page {status} /refused/{status};\n    location = /refused/{status} {{ {said} }}\n")
    return "".join(parts)


def worker_user() -> str | None:
    """User and group for nginx's worker: root stays the owner of HOTLINE_HOME; others cannot change user at all."""
    if os.geteuid() != 0:
        return None
    return f"{pwd.getpwuid(0).pw_name} {grp.getgrgid(0).gr_name}"


def make_folders(settings: Settings) -> None:
    """The folder for nginx's temporary files (it makes those within itself)."""
    (settings.paths.run / "nginx").mkdir(mode=0o700, parents=True, exist_ok=True)


def _quoted(value: Path | str) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
