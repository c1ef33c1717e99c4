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
	reckoned time.Duration // a write that takes less may come too early for the slots that it was given
	promised int           // slots for the writes that follow a look
}

// budgetOptions are the limits that a budget keeps.
type budgetOptions struct {
	Writes, Requests Rate          // Requests is of any kind
	RereadAfter      time.Duration // age at which a look is too old to write upon
	Concurrency      int           // envelopes in flight
}

// budget says when envelopes may leave, so that the service refuses few of them and none leaves much later than it could. It
// is given the time, and must not be used concurrently.
//
// The service counts a write at some moment between its leaving and its answer. The slot of a write is therefore given back a
// window after its answer, less the shortest time that a write takes to arrive and be answered, plus a margin: with steady
// latencies this is a window after it left, and calls that take longer than others do not bring the next too close.
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

// recent has writes of earlier runs or legs hold slots. last is when the last of them was answered, or given up.
func (b *budget) recent(writes int, last, now time.Time) {
	if last.After(now) { // another clock set it
		last = now
	}
	b.writes.add(writes, last)
	b.requests.add(writes, last)
}

// spent counts requests that were made just before.
func (b *budget) spent(requests int, now time.Time) { b.requests.add(requests, now) }

// writeHold is how long after its answer the slot of a write is given back.
func (b *budget) writeHold(at time.Time) time.Duration {
	return max(0, b.o.Writes.Per-b.latency.least+b.margin.at(at))
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
	return min(b.latency.lead+r/2, b.latency.shortest+r*9/10)
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
		c.reckoned = b.latency.least - b.margin.at(now)
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
	b.latency.land(c)
	if c.kind != write {
		return
	}
	if refused > 0 {
		b.margin.refuse(now)
	}
	taken := c.n - refused
	if c.took < c.reckoned {
		refused = 0 // latency fell: no other application need have taken the slots
	}
	b.pace.heard(c.left, taken, refused, now)
	b.writes.size = b.pace.n
}

// lose counts a call as given up without an answer, from which nothing is learned.
func (b *budget) lose(c *call, now time.Time) { b.arrive(c, now) }

// longest is the longest that a slot may be held, in windows.
const longest = 1.25

func (b *budget) arrive(c *call, now time.Time) {
	b.requests.answer(c.n, now)
	b.requests.forget(now.Add(-b.o.Requests.Per - tick))
	switch c.kind {
	case write:
		b.writes.answer(c.n, now)
		b.writes.forget(now.Add(-time.Duration(longest * float64(b.o.Writes.Per))))
	case reread:
		b.rereads.answer(c.n, now)
		b.rereads.forget(now.Add(-b.o.Requests.Per - tick))
	}
}

// rate is what the limits now allow: so many writes in the time from one's leaving to the next that takes its slot.
func (b *budget) rate(now time.Time) Rate {
	return Rate{N: b.writes.size, Per: b.latency.writes.share(callsForLeast, 0.5) + b.writeHold(now)}
}
