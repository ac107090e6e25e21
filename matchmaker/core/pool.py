"""One queue: the tickets of one mode in one region, and how matches are found among them.

Tickets lie in buckets by rating, in a bucket by party size, there in order of age. A match is built around an anchor:
all in it lie within the anchor's window, which widens in steps while the anchor waits, and the anchor is one of them.
Whether a match can be made is decided on counts; tickets are touched when it is certain.

Nothing polls, where counting is enough. A match is tried when a ticket arrives, around the tickets that have waited
longest of those whose window it falls into, and when the oldest ticket of a bucket, of any party size, reaches its next
step.

Starvation bound, where counting is enough: all tickets whose window is at its widest are tried as anchors, oldest
first, whenever a ticket comes that could complete a match with them. So there never is a match that could be made with
such a ticket and was not; and when one is made that it could have been part of, then around an older one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from operator import add, attrgetter
from typing import Final, cast

from matchmaker.core.alarms import Alarms
from matchmaker.core.bucket import Bucket, by_age
from matchmaker.core.deal import deal
from matchmaker.core.lane import Lane, PriorityLane
from matchmaker.core.plans import Plan
from matchmaker.core.rules import Rules
from matchmaker.core.search import Search, Teams
from matchmaker.core.settings import Settings
from matchmaker.core.ticket import State, Ticket

# Anchors tried for one arrival that have wider windows to come. All others of those have their alarms, so this bounds
# work and not chances.
_TRIES: Final = 2
# A sum of times can be a little less than it was.
_EPSILON: Final = 1e-6
# How often a bucket is looked at where a match can become possible that no alarm tells, and how many anchors are tried:
# where windows are mutual, those of others widen too; what is searched for may not be found the first time.
_CAREFUL_S: Final = 0.05
_PICKY_S: Final = 0.5
_CAREFUL_ANCHORS: Final = 8
_PROPOSED: Final = State.PROPOSED


class Pool:
    """Enqueueing and removing take constant time; a try takes time in the number of buckets in the window.

    The pool takes no ticket out by itself: what it finds is handed to the engine, which removes it from all its places.
    """

    __slots__ = (
        "_alarms",
        "_levels",
        "_players_in",
        "_search",
        "_sizes",
        "buckets",
        "closed",
        "count",
        "mode",
        "occupied",
        "picky",
        "players",
        "priorities",
        "region",
        "rules",
        "settings",
    )

    def __init__(
        self, region: str, mode: str, rules: Rules, settings: Settings, alarms: Alarms, search: Search
    ) -> None:
        self.region, self.mode = region, mode
        self.rules = rules
        self.settings = settings
        """What its matches are decided under."""
        self.count = 0
        """Tickets."""
        self.players = 0
        self.picky = 0
        """Tickets that must not meet somebody."""
        self.occupied = 0
        """Bit b: somebody is in bucket b."""
        self.buckets: dict[int, Bucket] = {}
        self._players_in = [0] * (rules.top + 1)
        """Players by bucket once more: a sum over a slice is the quickest way to see that there are too few."""
        self._levels = [0] * len(rules.levels)
        """Bit b of each: the oldest of bucket b has reached that level, and no higher one."""
        self._sizes = rules.mode.max_party_size
        self.closed = False
        """Whether its tickets are on their way to other queues."""
        self._alarms = alarms
        self._search = search
        self.priorities = False
        """Whether any ticket came with a priority, so that all lanes are of that kind."""

    def bucket(self, rating: float) -> Bucket:
        """Where a rating belongs."""
        index = self.index(rating)
        bucket = self.buckets.get(index)
        if bucket is None:
            bucket = self.buckets[index] = Bucket(self, index, self._sizes)
        return bucket

    def add(self, ticket: Ticket, now: float) -> Bucket:
        """Puts a ticket in its place and gives that; nothing is tried."""
        rules = self.rules
        index = int(ticket.rating // rules.width)
        if index < 0:
            index = 0
        elif index > rules.top:
            index = rules.top
        bucket = self.buckets.get(index)
        if bucket is None:
            bucket = self.buckets[index] = Bucket(self, index, self._sizes)
        size = ticket.size
        lane = bucket.lanes[size]
        more = ticket.more
        if lane is None:
            lane = bucket.lanes[size] = PriorityLane(rules.mode.fair_skip) if self.priorities else Lane()
        if more is not None:
            if more.priority and not self.priorities:
                self._prioritise()
                lane = bucket.lanes[size]
                assert lane is not None
            if more.avoid:
                self.picky += 1
        lane.add(ticket)
        bucket.counts[size] += 1
        self._players_in[index] += size
        self.count += 1
        self.players += size
        since = ticket.enqueued_at
        fresh = now == since and not rules.careful and not self.picky
        if not bucket.players:
            bucket.players = size
            bucket.sizes = 1 << size
            bit = 1 << index
            self.occupied |= bit
            self._levels[0] |= bit
            bucket.level = bucket.missing = bucket.deaf = 0
            bucket.since = since
            if fresh:
                self._alarms.set(now + rules.first, bucket)
            else:
                self.look(bucket, now)
            return bucket
        bucket.players += size
        first = not bucket.sizes >> size & 1
        bucket.sizes |= 1 << size
        if first and fresh and since >= bucket.since:
            # It has steps of its own to be told, the next of which it is easy to tell.
            bucket.deaf = 0
            if now + rules.first < bucket.alarm:
                self._alarms.set(now + rules.first, bucket)
        elif first or since < bucket.since or rules.careful:
            # It has waited before, maybe longer than any here.
            bucket.deaf = 0
            self.look(bucket, now)
        return bucket

    def left(self, ticket: Ticket, bucket: Bucket) -> bool:
        """A ticket of the bucket is queued no more; gives whether those that are left want a `look`."""
        size = ticket.size
        lane = bucket.lanes[size]
        assert lane is not None
        lane.left(ticket)
        counts = bucket.counts
        counts[size] -= 1
        if not counts[size]:
            bucket.sizes ^= 1 << size
        bucket.players -= size
        self._players_in[bucket.index] -= size
        self.count -= 1
        self.players -= size
        if ticket.more is not None and ticket.more.avoid:
            self.picky -= 1
        if not bucket.players:
            bit = 1 << bucket.index
            self.occupied &= ~bit
            self._levels[bucket.level] &= ~bit
            bucket.alarm = math.inf
            return False
        # Whoever comes next has not waited as long, and may have steps to come that the alarm is too late for.
        return bucket.level > 0

    def arrived(self, ticket: Ticket, bucket: Bucket, now: float) -> Teams | None:
        """A match that has become possible by a ticket's arrival."""
        rules = self.rules
        size, index, least = ticket.size, bucket.index, rules.least
        levels, players_in, buckets = self._levels, self._players_in, self.buckets
        for level, reach, window in rules.downward:
            if not levels[level]:
                continue
            mask = levels[level] & (window << index >> reach)
            if not mask:
                continue
            anchors = []
            while mask:
                at = mask.bit_length() - 1
                mask ^= 1 << at
                other = buckets[at]
                other.missing -= size
                if other.missing <= 0 and not other.deaf >> size & 1:
                    # It may not be its turn yet, and then the others are no longer all that is missing.
                    other.deaf = 0
                    short = least - sum(players_in[at - reach if at > reach else 0 : at + reach + 1])
                    if short > 0:
                        other.missing = short
                    else:
                        anchors.append(other)
            if len(anchors) > 1:
                anchors.sort(key=_since)
            for other in anchors if level == len(levels) - 1 else anchors[:_TRIES]:
                if teams := self._try(other, other.heads(), now):
                    return teams
            break
        if bucket.players >= least:
            return self._try(bucket, bucket.heads(), now)
        return None

    def ripe(self, bucket: Bucket, now: float) -> Teams | None:
        """A match in which one of the oldest of a bucket takes part; None if there is none. The alarm is set anew."""
        heads = self.look(bucket, now, _EPSILON)
        if not heads:
            return None
        rules, index = self.rules, bucket.index
        reach = rules.levels[bucket.level].reach
        short = rules.least - sum(self._players_in[index - reach if index > reach else 0 : index + reach + 1])
        if short > 0:
            bucket.missing, bucket.deaf = short, 0
            return None
        return self._try(bucket, heads, now)

    def expired(self, bucket: Bucket, now: float) -> list[Ticket]:
        """Tickets of a bucket that have waited as long as the mode allows."""
        limit = now - self.rules.mode.max_wait_s + _EPSILON
        found: list[Ticket] = []
        if bucket.since > limit:
            return found
        for lane in bucket.lanes:
            if lane is not None and (head := lane.head()) and head.enqueued_at <= limit:
                found += [ticket for ticket in lane if ticket.enqueued_at <= limit]
        return found

    def follow(self, rules: Rules, settings: Settings, now: float) -> None:
        """Goes over to rules of the same structure: windows, times and policies count from now on."""
        self.settings = settings
        before, self.rules = self.rules, rules
        if rules is before:
            return
        if rules.mode.fair_skip != before.mode.fair_skip:
            for bucket in self.buckets.values():
                for lane in bucket.lanes:
                    if isinstance(lane, PriorityLane):
                        lane.fair_skip = rules.mode.fair_skip
        if rules.same_times(before):
            changed = [at for at, level in enumerate(rules.levels) if level.reach != before.levels[at].reach]
            looked_at = [bucket for at in changed for bucket in self._at(self._levels[at])]
        else:
            self._levels = [0] * len(rules.levels)
            self._levels[0] = self.occupied
            looked_at = [bucket for bucket in self.buckets.values() if bucket.players]
            for bucket in looked_at:
                bucket.level = 0
        for bucket in looked_at:
            # The next tick looks at all of them with their new windows.
            bucket.missing = bucket.deaf = 0
            if bucket.alarm > now:
                self._alarms.set(now, bucket)

    def _at(self, mask: int) -> list[Bucket]:
        """The buckets of the bits of a mask."""
        found = []
        while mask:
            index = mask.bit_length() - 1
            mask ^= 1 << index
            found.append(self.buckets[index])
        return found

    def between(self, low: float, high: float) -> list[Ticket]:
        """The tickets of all buckets from that of one rating to that of another, oldest first."""
        indexes = range(self.index(low), self.index(high) + 1)
        found = [ticket for at in indexes if (bucket := self.buckets.get(at)) for ticket in bucket]
        found.sort(key=by_age)
        return found

    def within(self, anchor: Ticket, now: float) -> Iterator[Bucket]:
        """The buckets of the anchor's window that hold somebody, nearest first."""
        rules = self.rules
        index = self.index(anchor.rating)
        reach = rules.levels[rules.level(now - anchor.enqueued_at + _EPSILON)].reach
        for distance in range(reach + 1):
            for other in {index - distance, index + distance}:
                if (bucket := self.buckets.get(other)) and bucket.players:
                    yield bucket

    def around(self, anchor: Ticket, now: float) -> Teams | None:
        """A match with the anchor in it, of tickets within its window; empty if there are too few players for any."""
        rules = self.rules
        waited = now - anchor.enqueued_at + _EPSILON
        if rules.careful or self.picky:
            return self._search.around(anchor, self, now) if waited >= rules.hold else None
        index = int(anchor.rating // rules.width)
        index = 0 if index < 0 else rules.top if index > rules.top else index
        buckets = self.buckets
        reach = rules.levels[rules.level(waited)].reach
        low = index - reach if index > reach else 0
        players = sum(self._players_in[low : index + reach + 1])
        if players < rules.least:
            return ()
        mask = (self.occupied >> low) & ((1 << (index + reach - low + 1)) - 1)
        found = []
        while mask:
            bit = mask & -mask
            mask ^= bit
            found.append(buckets[low + bit.bit_length() - 1])
        counts = found[0].counts
        for bucket in found[1:]:
            counts = list(map(add, counts, bucket.counts))
        for shape in rules.shapes_after(waited):
            if players >= shape.need and (plans := shape.plan(counts, anchor.size)):
                teams = self._choose(found, plans, anchor)
                if self.priorities:
                    self.serve((anchor,), anchor, now)
                return teams
        buckets[index].deaf = rules.enough(counts)
        return None

    def _try(self, bucket: Bucket, heads: list[Ticket], now: float) -> Teams | None:
        """A match around one of the oldest of a bucket, oldest first; `heads` are the oldest of each size."""
        bucket.missing = bucket.deaf = 0
        if self.rules.careful or self.picky:
            heads = bucket.first(_CAREFUL_ANCHORS)
        for anchor in heads:
            teams = self.around(anchor, now)
            if teams:
                return teams
            if teams == ():
                # Younger ones do not see farther.
                bucket.deaf = 0
                break
        return None

    def _choose(self, buckets: list[Bucket], plans: tuple[Plan, ...], anchor: Ticket) -> Teams:
        """The oldest tickets of the sizes that the plans name, and the anchor, dealt to the teams."""
        chosen = [anchor]
        anchor.state = _PROPOSED
        sizes = [size for plan in plans for size in plan]
        sizes.remove(anchor.size)
        for size in set(sizes):
            lanes = [lane for bucket in buckets if bucket.counts[size] and (lane := bucket.lanes[size]) is not None]
            number = sizes.count(size)
            if self.priorities:
                chosen += _in_turn(cast(list[PriorityLane], lanes), number)
            elif len(lanes) == 1:
                chosen += cast(Lane, lanes[0]).first(number)
            else:
                oldest = [ticket for lane in cast(list[Lane], lanes) for ticket in lane.first(number)]
                oldest.sort(key=by_age)
                chosen += oldest[:number]
        for ticket in chosen:
            ticket.state = _PROPOSED
        return deal(chosen, plans)

    def serve(self, tickets: Iterable[Ticket], anchor: Ticket, now: float) -> None:
        """Tells the lanes of the anchor's window who has got a match."""
        if not self.priorities:
            return
        near = list(self.within(anchor, now))
        for ticket in tickets:
            own = self.index(ticket.rating)
            for bucket in near:
                lane = bucket.lanes[ticket.size]
                if isinstance(lane, PriorityLane):
                    lane.served(ticket, bucket.index == own)

    def index(self, rating: float) -> int:
        """The bucket of a rating."""
        return min(max(int(rating // self.rules.width), 0), self.rules.top)

    def wake(self, bucket: Bucket, now: float) -> None:
        """Has the next tick look at a bucket, and at those whose window it is in, after tickets were added to it that
        nothing was tried for."""
        for level, reach, window in self.rules.downward:
            for other in self._at(self._levels[level] & (window << bucket.index >> reach)):
                other.missing = other.deaf = 0
                if other.alarm > now:
                    self._alarms.set(now, other)

    def look(self, bucket: Bucket, now: float, slack: float = -_EPSILON) -> list[Ticket]:
        """Sees how far the oldest of a bucket have come, and when that changes next; gives the oldest of each size.

        With positive slack a step that is due now counts as taken: it is for whoever tries a match then.
        """
        rules = self.rules
        heads = bucket.heads()
        if not heads:
            # All that are left of it are in a match, and go one after the other.
            return heads
        since = bucket.since = heads[0].enqueued_at
        waited = now - since + slack
        level = rules.level(waited)
        if level != bucket.level:
            bit = 1 << bucket.index
            self._levels[bucket.level] &= ~bit
            self._levels[level] |= bit
            bucket.level = level
            bucket.missing = bucket.deaf = 0
        due = since + rules.next_after(waited)
        if len(heads) > 1:
            for head in heads[1:]:
                since = head.enqueued_at
                due = min(due, since + rules.next_after(now - since + slack))
        if (rules.careful or self.picky) and self.players >= rules.least:
            due = min(due, now + (_CAREFUL_S if rules.careful else _PICKY_S))
        # Whoever only came or went puts off no look that is due.
        if due < bucket.alarm or (slack > 0 and due != bucket.alarm):
            self._alarms.set(due, bucket)
        return heads

    def _prioritise(self) -> None:
        self.priorities = True
        for bucket in self.buckets.values():
            for size, lane in enumerate(bucket.lanes):
                if lane is not None:
                    bucket.lanes[size] = ordered = PriorityLane(self.rules.mode.fair_skip)
                    for ticket in lane:
                        ordered.add(ticket)


def _in_turn(lanes: list[PriorityLane], number: int) -> list[Ticket]:
    """Who is served next of several lanes, again and again."""
    chosen: list[Ticket] = []
    for _ in range(number):
        turns = [(lane.owed() is None, head, lane) for lane in lanes if (head := lane.next())]
        _, ticket, own = min(turns, key=lambda turn: (turn[0], -turn[0] * turn[1].priority, by_age(turn[1])))
        # Whoever is chosen is no lane's head any more.
        ticket.state = _PROPOSED
        for lane in lanes:
            lane.served(ticket, lane is own)
        chosen.append(ticket)
    return chosen


_since: Final = attrgetter("since", "index")
