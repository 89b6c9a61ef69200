# One image for all parts: the code, its Python packages, and Asterisk, Redis and nginx as make run fetches them. Holds no secret.
FROM debian:trixie-slim
RUN apt-get update \
 && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends python3 python3-venv ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 900 --home-dir /var/lib/hotline --shell /usr/sbin/nologin hotline \
 && install -d -o hotline -g hotline -m 0700 /var/lib/hotline
WORKDIR /opt/hotline/code
COPY . .
RUN HOTLINE_CACHE=/opt/hotline/programs python3 -I launcher/bootstrap.py run -- -m launcher fetch \
 && .venv/bin/python -m compileall -q -x '/\.venv/' .
ENV PATH=/opt/hotline/code/.venv/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8
USER hotline
VOLUME /var/lib/hotline
CMD ["python", "-m", "launcher", "prepare"]
