package batch

import "time"

// callKind is what an envelope is for.
type callKind uint8

const (
	preread callKind = iota // a look before a write
	reread                  // a look that settles
	write
)

// call is an envelope that left.
type call struct {
	kind     callKind
	n        int
	look     *call // behind a write
	left     time.Time
	took     time.Duration // until its answer; zero before
	reckoned time.Duration // a write that is answered sooner may have come too early for its slots
	promised int           // slots for the writes that follow a look
}

// budgetOptions are the limits that a budget keeps.
type budgetOptions struct {
	Writes, Requests Rate          // Requests is of any kind
	RereadAfter      time.Duration // age at which a look is too old to write upon
}

// budget says when envelopes may leave, so that the service refuses few of them and none leaves much later than it could. It
// is given the time, and must not be used concurrently.
//
// The service counts a write at some moment between its leaving and its answer, and it is not known at which. Of two writes
// that take the same slot, the first is counted no later than its answer, and the second no earlier than it leaves; if the
// service counts at the answer, the second is counted later by its latency. So a slot is given back a window after the answer,
// less the shortest latency to be expected, of which a margin is not relied upon, and a little later. With a steady latency that
// is little more than a window after the write left, whichever moment counts.
type budget struct {
	o        budgetOptions
	writes   pool
	requests pool
	rereads  pool // the part of requests that rereads may take
	latency  latencies
	margin   margin
	pace     pace
	promised int // slots of writes, promised to looks in flight and to what was looked at
}

func newBudget(o budgetOptions) *budget {
	b := &budget{
		o: o, latency: newLatencies(), margin: margin{per: o.Writes.Per}, pace: newPace(o.Writes),
		writes: pool{size: o.Writes.N}, requests: pool{size: o.Requests.N},
	}
	if o.Requests.N > 0 {
		b.rereads.size = max(1, o.Requests.N/2)
	}
	return b
}

// recent has writes of earlier runs or legs hold slots for a whole window after the last of them: how long an answer to it took,
// if one came, is not known.
func (b *budget) recent(writes int, last, now time.Time) {
	last = sooner(last, now) // another clock may have set it
	b.writes.earlier = past{writes, last.Add(b.writeHold(now))}
	b.requests.earlier = past{writes, last.Add(b.requestHold(now))}
}

// spent counts requests that were made just before.
func (b *budget) spent(requests int, now time.Time) { b.requests.add(requests, now) }

// writeHold is how long after its answer the slot of a write is given back. Where the margin is wider than the shortest latency,
// the slot is held for the whole window, and our own writes cannot come too soon.
func (b *budget) writeHold(at time.Time) time.Duration {
	sooner := max(0, b.latency.least-b.margin.at(at))
	return max(0, b.o.Writes.Per+time.Duration(alwaysHeld*float64(b.o.Writes.Per))-sooner)
}

// requestHold leaves out what is known of latencies: the limit of requests is rarely reached.
func (b *budget) requestHold(time.Time) time.Duration { return b.o.Requests.Per + tick }

// writesFree is how many writes may leave now.
func (b *budget) writesFree(now time.Time) int { return max(0, b.writes.free(now, b.writeHold)) }

// writesAt is when n slots are free by the passing of time alone; zero when that needs an answer first. Of more than there
// are, it is when all are free.
func (b *budget) writesAt(n int, now time.Time) time.Time {
	return b.writes.when(b.atMost(n), now, b.writeHold)
}

// atMost is n, or the slots of the pool where they are fewer.
func (b *budget) atMost(n int) int {
	if b.writes.size > 0 {
		return min(n, b.writes.size)
	}
	return n
}

// requestsFree is how many requests of a kind may leave now. Looks leave room for the writes that follow them, and rereads
// take at most half of the limit.
func (b *budget) requestsFree(k callKind, now time.Time) int {
	free := b.requests.free(now, b.requestHold)
	switch k {
	case preread:
		if free == b.requests.size {
			return max(1, (free-b.promised)/2)
		}
		free = (free - b.promised) / 2
	case reread:
		free = min(free-b.promised, b.rereads.free(now, b.requestHold))
	}
	return max(0, free)
}

// requestsAt is when n requests of a kind may leave by the passing of time alone; zero when that needs an answer first.
func (b *budget) requestsAt(k callKind, n int, now time.Time) time.Time {
	need := n
	switch k {
	case preread:
		need += n + b.promised
	case reread:
		need += b.promised
	}
	if b.requests.size > 0 {
		need = min(need, b.requests.size)
	}
	at := b.requests.when(need, now, b.requestHold)
	if k != reread || at.IsZero() {
		return at
	}
	if b.rereads.size > 0 {
		n = min(n, b.rereads.size)
	}
	half := b.rereads.when(n, now, b.requestHold)
	if half.IsZero() {
		return half
	}
	return later(at, half)
}

// lead is how long before slots come free a look leaves: so that most answers are back by then, and few grow too old before.
func (b *budget) lead() time.Duration {
	r := b.o.RereadAfter
	return min((b.latency.shortest+b.latency.long+r)/2, b.latency.shortest+r*9/10)
}

// prereadAt is when a look at n tasks leaves, so that its answer is back when slots for them come free beside those that are
// promised; zero when that needs an answer, or a promise to be kept, first.
func (b *budget) prereadAt(n int, now time.Time) time.Time {
	n = b.atMost(n)
	if b.writes.size > 0 && b.promised+n > b.writes.size {
		return time.Time{}
	}
	at := b.writes.when(b.promised+n, now, b.writeHold)
	if at.IsZero() {
		return at
	}
	return later(at.Add(-b.lead()), now)
}

// rest is what a pool of writes holds beside full envelopes.
func (b *budget) rest(full int) int {
	if b.writes.size <= 0 {
		return 0
	}
	return b.writes.size % full
}

// nextPreread is the size of the next look and when it leaves: as prereadAt says of a full envelope or, where no more than the
// rest comes free before, of that.
func (b *budget) nextPreread(full int, now time.Time) (n int, at time.Time) {
	n = b.atMost(full)
	at = b.prereadAt(n, now)
	if rest := b.rest(n); rest > 0 {
		if first := b.prereadAt(rest, now); !first.IsZero() && (at.IsZero() || first.Before(at)) {
			return rest, first
		}
	}
	return n, at
}

// looksSoon is how many looks at full envelopes are to leave within the time that a look takes.
func (b *budget) looksSoon(full int, now time.Time) int {
	if b.writes.size <= 0 {
		return unlimited
	}
	free := b.writes.free(now.Add(b.latency.long+b.lead()), b.writeHold) - b.promised
	return (max(0, free) + full - 1) / full
}

// leave counts an envelope as being on the wire. look is the call of the look behind a write, nil where there is none.
func (b *budget) leave(k callKind, n int, look *call, now time.Time) *call {
	c := &call{kind: k, n: n, look: look, left: now}
	b.requests.away += n
	switch k {
	case write:
		if b.margin.start.IsZero() {
			b.margin.start = now
		}
		b.writes.away += n
		c.reckoned = b.o.Writes.Per - b.writeHold(now)
	case reread:
		b.rereads.away += n
	default:
		b.promise(c, n)
	}
	return c
}

// promise says how many writes are to follow a look, none when it is dropped.
func (b *budget) promise(look *call, n int) {
	n = max(0, n)
	b.promised += n - look.promised
	look.promised = n
}

// never takes back a call that did not leave after all.
func (b *budget) never(c *call) {
	b.requests.away -= c.n
	switch c.kind {
	case write:
		b.writes.away -= c.n
	case reread:
		b.rereads.away -= c.n
	default:
		b.promise(c, 0)
	}
}

// land counts a call as answered. refused is how many of its items the service refused with 429.
func (b *budget) land(c *call, refused int, now time.Time) {
	c.took = now.Sub(c.left)
	b.arrive(c, now)
	if refused < c.n { // what is refused whole is answered sooner than what is done
		b.latency.land(c)
	}
	if c.kind != write || b.writes.size <= 0 {
		return
	}
	taken := c.n - refused
	if refused > 0 {
		ours, least := b.ours(c), time.Duration(0)
		if ours && c.took >= c.reckoned { // latency did not fall: the service counts calls now early, now late
			least = b.latency.least
		}
		b.margin.refuse(least, now)
		if ours {
			refused = 0
		}
	}
	b.pace.learn(c.left, taken, refused, now)
	b.writes.size = b.pace.n
}

// ours reports whether a refusal that came just now is put down to our own writes: no other application is known to take
// slots, and the service may have counted more than the limit around the refused write, though all of them were ours. The
// margin is the answer to that; to a refusal by others it is a smaller pool.
func (b *budget) ours(c *call) bool {
	n := b.writes.away
	for _, p := range b.writes.past {
		if p.at.Add(b.o.Writes.Per).After(c.left) {
			n += p.n
		}
	}
	return b.pace.n == b.o.Writes.N && n > b.o.Writes.N
}

// lose counts a call as given up without an answer, from which nothing is learned.
func (b *budget) lose(c *call, now time.Time) { b.arrive(c, now) }

// longest is the longest that a slot may be held, in windows.
const longest = 2

func (b *budget) arrive(c *call, now time.Time) {
	b.requests.answer(c.n, now)
	b.requests.forget(now.Add(-b.o.Requests.Per - tick))
	switch c.kind {
	case write:
		b.writes.answer(c.n, now)
		b.writes.forget(now.Add(-longest * b.o.Writes.Per))
	case reread:
		b.rereads.answer(c.n, now)
		b.rereads.forget(now.Add(-b.o.Requests.Per - tick))
	}
}

// rate is what the limits now allow: so many writes in the time from one's leaving to the next that takes its slot.
func (b *budget) rate(now time.Time) Rate {
	return Rate{N: b.writes.size, Per: b.latency.writes.share(callsForLeast, 0.5) + b.writeHold(now)}
}
