"""Times and limits of the port mapper, each with its reason.

Times are seconds unless a name says otherwise.
"""

from typing import Final

# Asking. A router on the same link that needs longer than PATIENCE is not there: so the
# owner hears within 3 s that nobody answers.
PATIENCE: Final = 2.9
# RFC 6886, section 3.1 begins at 250 ms and doubles. The last wait leaves room within
# PATIENCE for listening as long as the first one for another address.
UDP_WAITS: Final = (0.25, 0.5, 1.0, 0.85)
# Searching. One question to begin with: each costs a weak router some time, and it
# answers nothing else meanwhile (miniupnpd needs 0.5 s for all that can be asked).
SEARCH_FIRST: Final = 0.0
# When the router has not answered by then, it is asked for all that it may call itself,
# and later in another form.
SEARCH_ALL: Final = 0.1
SEARCH_VARIANT: Final = 1.0
# Multicasts get lost on Wi-Fi; and what has answered may turn out to be no router.
SEARCH_AGAIN: Final = 0.5
# How long other routers are searched for: devices may take a second (MX) to answer.
NEIGHBOURS: Final = 1.3
# After the first good answer, how long a better one may still come.
GRACE: Final = 0.05
# The same where it comes from another router on the link than ours.
GRACE_OF_OURS: Final = 1.0
# Answers of one router to questions asked together.
TOGETHER: Final = 0.003
# How long PCP and NAT-PMP may take before UPnP is asked as well.
HEDGE: Final = 0.1
# How long the protocol that worked last is waited for before all are asked.
HEAD_START: Final = 1.5
# Slow routers take over 5 s to add a mapping.
ACTION_TIMEOUT: Final = 10.0
DESCRIPTION_TIMEOUT: Final = 3.0
# How long a router may take to list, or not to list any more, what it agreed to.
SETTLE: Final = 0.5
# After so long without another byte, an answer without a known length is complete.
SILENCE: Final = 0.5
# How long what was interrupted may take to be undone, and how much of that the answer
# to it: deleted before it is added, a mapping would stay.
UNDO_TIMEOUT: Final = 2.0
UNDO_ANSWER: Final = 1.0
# miniupnpc has a time limit for each packet, but none for all of them.
SECOND_OPINION_TIMEOUT: Final = 15.0

# Leases.
UPNP_LEASE: Final = 3600
# The longest of WANIPConnection:2, and the only one that some routers take.
UPNP_LEASE_MAX: Final = 604800
# What section 3.3 of RFC 6886 recommends; a router may grant less.
UDP_LIFETIME: Final = 7200
# Section 15 of RFC 6887: an absurd grant must not stop renewals.
MAX_LIFETIME: Final = 86400
# What is left of a lease at each try to renew it: half, then half of the rest
# (section 11.2.1 of RFC 6887), but never more often than RENEW_GAP.
RENEW_AT: Final = (1 / 2, 3 / 4, 7 / 8)
RENEW_JITTER: Final = 0.05
RENEW_GAP: Final = 4.0
# How often a mapping without an end is written again: the table is lost on a reboot.
REFRESH_PERMANENT: Final = 1800

# Looking after what stands. Two small packets on UDP; some ten for a SOAP exchange,
# which makes the web pages of weak routers slow: https://github.com/jellyfin/jellyfin/issues/2401
CHECK_UDP: Final = 48.0
# How often a mapping is asked for again, which costs two more: at every second check.
REPEAT_UDP: Final = 90.0
# The same after an event, which may come from the asking itself: miniupnpd sends one
# within 0.7 s of each mapping that it grants, also again. Longer than a look may have to
# wait, or each would lead to the next.
REPEAT_EVENTED: Final = 5.0
# Also where the router tells what changes: who restarts has forgotten to whom.
CHECK_UPNP: Final = 55.0

# Signals come in groups of two to four for one event.
DEBOUNCE: Final = 0.25
# Anybody on the LAN can send them: as long as they go on, one look with its two
# questions is all that they can cause. The first gap is shorter, as a router that loses
# its address and gets another one has news twice.
SIGNAL_GAPS: Final = (0.4, 2.0)
# For so long the router may tell us of our own request.
ECHO: Final = 1.0
# All ports behind one router share a question that was answered so recently.
SHARED_ANSWER: Final = 0.3

# Subscriptions to events. The UPnP Device Architecture wants no less (section 4); a
# router that grants under a minute would be asked more often than by polling.
GENA_TIMEOUT: Final = 1800
GENA_TIMEOUT_MIN: Final = 60
# A router that refuses events is as good as one without: it is polled.
GENA_RETRY: Final = 60.0
GENA_RETRY_MAX: Final = 1800.0
# A subscription ends by itself; telling so must not hold up a shutdown.
GENA_GOODBYE: Final = 1.0

# Trying again; the last pause is repeated. A router that lost a mapping is restarting,
# as a rule, and there is one that can map.
RETRY_LOST: Final = (*(1.0,) * 10, 15.0, 30.0, 60.0)
# After so many tries in silence, the router is asked in other protocols as well. Not
# before: one that restarts has none, and looking for them takes PATIENCE.
SILENT_TRIES: Final = 10
RETRY: Final = (15.0, 30.0, 60.0, 120.0, 300.0)
# What section 7.4 of RFC 6887 takes for long; a refusal for years must not last.
REFUSAL_MAX: Final = 1800.0

# Ports. Below are well-known services, which some routers refuse or keep for
# themselves: https://github.com/tailscale/tailscale/issues/7377
LOWEST_PORT: Final = 1024
RANDOM_PORTS: Final = range(20000, 60000)
RANDOM_TRIES: Final = 20
# After so many refusals of ports that nobody holds, the port is not what is wrong.
REFUSED_TRIES: Final = 4
# The longest name of a row that every router takes.
SHORT_DESCRIPTION: Final = 11

# How many conversations with one router at once.
AT_ONCE: Final = 4

# Bounds on what a neighbour can make us do.
MAX_BODY: Final = 256 * 1024
MAX_CANDIDATES: Final = 8
MAX_ROWS: Final = 200
# A router sends its events one after the other, some 700 bytes each.
CALLBACK_AT_ONCE: Final = 8
CALLBACK_PATIENCE: Final = 5.0
CALLBACK_HEAD: Final = 8 * 1024
