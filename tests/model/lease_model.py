"""Exhaustive check of the protocol of leases and acknowledgements (docs/revocation.md), apart from all code.

One database, one who ends, one process that remembers (safety is per process), one session. Messages may be late
for ever or lost, and the process may be paused anywhere, which is a late step. Safe means: no request that starts
after the ending has returned is let in. `explore` visits every state up to a horizon; each variant of the protocol
that leaves a guard out must have a way to break the promise.
"""

from __future__ import annotations

from collections import deque

L, HORIZON, RENEWALS = 2, 5, 2
"""The lease and the horizon in ticks (a horizon of 7 gave the same verdicts), and how often it is renewed."""
SAFE = ("correct", "wait_lease_seen_at_commit", "wait_latest_lease", "slow_clock_margin", "renew_not_atomic")
BROKEN = (
    "no_fill_guard", "lease_from_receive", "ack_before_apply", "ack_by_renewal_blind", "no_lease",
    "return_at_commit", "no_catchup", "slow_clock", "db_clock_jump",
)  # fmt: skip


def explore(v, tmax=HORIZON):
    """Whether a variant is safe, how many states it has, and a way to break it if there is one."""
    # state: (t, rev_committed, done, exp_db, ack_db, cache, applied, exp_loc, reqs, fills, pushes, nreq, nfill, snap)
    # snap = the instant until which the revoker waits for a silent node
    init = (0, 0, 0, -1, 0, 0, 0, -1, (), (), 0, 0, 0, -1)
    seen = {init: None}
    q = deque([init])
    while q:
        s = q.popleft()
        t, rev, done, exp_db, ack, cache, app, exp, reqs, fills, push, nreq, nfill, snap = s
        # a request that starts now, after the revoke call returned, on the cached path
        lease_ok = True if v == "no_lease" else t < exp
        if done and cache and lease_ok:
            path = []
            while s is not None:
                path.append(s)
                s = seen[s]
            return False, len(seen), path[::-1]
        nxt = []

        def add(**k):
            d = dict(
                t=t,
                rev=rev,
                done=done,
                exp_db=exp_db,
                ack=ack,
                cache=cache,
                app=app,
                exp=exp,
                reqs=reqs,
                fills=fills,
                push=push,
                nreq=nreq,
                nfill=nfill,
                snap=snap,
            )
            d.update(k)
            nxt.append(tuple(d.values()))

        if t < tmax:
            add(t=t + 1)
        # the revoker
        if not rev:  # commit (log row + session row, one txn)
            add(
                rev=1,
                push=1,
                snap={"wait_lease_seen_at_commit": exp_db, "db_clock_jump": exp_db - 1}.get(v, t + L),
            )
        if rev and not done:
            if v == "return_at_commit":
                add(done=1)
            # acked, or L has passed since the commit on the revoker's own clock (no DB clock used). Leases granted
            # after the commit are harmless: their reply carries the log head, applied before the lease counts.
            elif ack >= 1 or (exp_db if v == "wait_latest_lease" else snap) <= t:
                add(done=1)
        # push message (may also simply never be delivered = lost)
        if push == 1:
            if v == "ack_before_apply":
                add(push=2, ack=1)  # acks first ...
            else:
                add(push=0, cache=0, app=1, ack=1)  # drop, then ack
        if push == 2:
            add(push=0, cache=0, app=1)  # ... applies later
        # node asks for / renews its lease, telling what it has applied: (phase, t_send, applied_at_send, seq)
        if nreq < RENEWALS:
            add(nreq=nreq + 1, reqs=reqs + ((0, t, app, 0),))
        for i, (ph, ts, a, sq) in enumerate(reqs):
            rest = reqs[:i] + reqs[i + 1 :]
            if ph == 0:  # DB: grant; reply carries the log head
                a2 = a if v != "ack_by_renewal_blind" else rev
                if v == "renew_not_atomic":  # reads the head now, writes the lease later
                    add(reqs=rest + ((9, ts, a, rev),))
                    continue
                add(exp_db=max(exp_db, t + L), ack=max(ack, a2), reqs=rest + ((1, ts, a, rev),))
            elif ph == 9:
                add(exp_db=max(exp_db, t + L), ack=max(ack, a), reqs=rest + ((1, ts, a, sq),))
            else:  # node receives the grant
                start = t if v == "lease_from_receive" else ts  # conservative: counted from SEND
                ln = L if v != "slow_clock" else 2 * L  # clock runs at half speed, no margin
                if v == "slow_clock_margin":
                    ln = 2 * (L // 2)  # ... with a margin that covers it
                if v == "no_catchup":
                    add(exp=max(exp, start + ln), reqs=rest)
                elif sq > app:
                    add(cache=0, app=sq, exp=max(exp, start + ln), reqs=rest)
                else:
                    add(exp=max(exp, start + ln), reqs=rest)
        # cache fill: read at the DB (value as of now), reply arrives later
        if nfill < 1:
            add(nfill=1, fills=((0, app, 0),))
        for i, (ph, a, val) in enumerate(fills):
            if ph == 0:
                add(fills=((1, a, 0 if rev else 1),))  # DB reads: 1 = valid
            else:
                if val and (v == "no_fill_guard" or a == app):
                    add(cache=1, fills=())
                else:
                    add(fills=())  # an invalidation arrived since: discard
        for n in nxt:
            if n not in seen:
                seen[n] = s
                q.append(n)
    return True, len(seen), None
