"""Does Redis answer, and does it keep what the live view needs, instead of throwing it out when it is full?"""

from __future__ import annotations

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from doctor.finding import Finding, bad, good, note, skipped
from doctor.subject import Subject

NAME = "redis"
WAIT_S = 2.0
KEEPING = "noeviction"
FULL = 0.8
MB = 2**20


def examine(subject: Subject) -> list[Finding]:
    """Asks it about its memory."""
    is_own = not subject.settings.redis_url
    if is_own and not subject.up.get("redis"):
        return [skipped(NAME, "away_told" if subject.is_running else "not_started")]
    try:
        with Redis.from_url(
            subject.settings.redis, socket_timeout=WAIT_S, socket_connect_timeout=WAIT_S, retry=Retry(NoBackoff(), 0)
        ) as redis:
            memory = redis.info("memory")
    except (RedisError, OSError) as error:
        return [bad(NAME, "away", reason=type(error).__name__)]
    return [judge(str(memory["maxmemory_policy"]), int(memory["used_memory"]), int(memory["maxmemory"]), is_own=is_own)]


def judge(policy: str, used: int, most: int, *, is_own: bool) -> Finding:
    """`used` and `most` in bytes, `most` 0 for no limit."""
    facts = {"policy": policy, "used_mb": used // MB, "most_mb": most // MB, "wanted": KEEPING}
    if policy != KEEPING:
        return bad(NAME, "forgets", **facts)
    if most and used > FULL * most:
        return note(NAME, "full", **facts)
    return good(NAME, "fine" if is_own else "given", **facts)
