package batch

import (
	"container/heap"
	"slices"
	"time"

	"taskrecon/internal/graph"
)

// dueHold is how long a look that settles waits for others to share its envelope.
const dueHold = 200 * time.Millisecond

// mostLate is how late a look that settles may be for want of a place: then one has it even where writes wait.
const mostLate = 30 * time.Second

// next packs the next envelope, or returns nil when none may leave now. Then wakeAt is when time alone may change that, or an answer is
// on its way: one of the two as long as there is work.
//
// Writes come first, the oldest look first; then looks before writes; then looks that settle.
func (s *sender) next(now time.Time) *request {
	s.wakeAt, s.readsBound = time.Time{}, false
	s.takeDue(now)
	if s.inFlight >= s.o.Concurrency {
		return nil
	}
	if now.Before(s.notBefore) {
		s.wake(s.notBefore)
		return nil
	}
	s.dropOld(now)
	if t := s.nextWrite(now); t != nil {
		return t
	}
	if t := s.nextPreread(now); t != nil {
		return t
	}
	return s.nextReread(now)
}

// takeDue moves rows whose time has come to where they wait for an envelope.
func (s *sender) takeDue(now time.Time) {
	for len(s.later) > 0 && !s.later[0].due.After(now) {
		r := heap.Pop(&s.later).(*row)
		switch {
		case !r.again:
			s.due = append(s.due, r)
		default:
			s.queue = slices.Insert(s.queue, 0, r)
		}
	}
	if len(s.later) > 0 {
		s.wake(s.later[0].due)
	}
}

func (s *sender) wake(at time.Time) {
	if !at.IsZero() && (s.wakeAt.IsZero() || at.Before(s.wakeAt)) {
		s.wakeAt = at
	}
}

func (s *sender) fresh(r *row, now time.Time) bool {
	return !r.seen.IsZero() && now.Sub(r.seen) <= s.o.RereadAfter
}

// dropOld sends ready rows whose look has become too old back to the front of the queue.
func (s *sender) dropOld(now time.Time) {
	var old []*row
	s.ready = slices.DeleteFunc(s.ready, func(r *row) bool {
		if s.fresh(r, now) {
			return false
		}
		old = append(old, r)
		return true
	})
	for _, r := range old {
		s.unpromise(r)
	}
	s.queue = append(old, s.queue...)
}

// unpromise gives back the slot that was kept for a row since it was looked at.
func (s *sender) unpromise(r *row) {
	if r.look != nil {
		s.budget.promise(r.look, r.look.promised-1)
		r.look = nil
	}
}

// full is the size of a full envelope: what the service takes, but never more than the limits let go in one window.
func (s *sender) full() int {
	n := s.most
	for _, most := range []int{s.budget.writes.size, s.o.Reads.N} {
		if most > 0 {
			n = min(n, most)
		}
	}
	return n
}

// nextWrite packs changes to be sent: those that are ready, filled up from the queue by those that were seen lately.
func (s *sender) nextWrite(now time.Time) *request {
	full := s.full()
	for len(s.ready) < full && len(s.queue) > 0 && s.fresh(s.queue[0], now) {
		s.ready = append(s.ready, s.queue[0])
		s.queue = s.queue[1:]
	}
	n := s.writable(full, now)
	if n == 0 {
		return nil
	}
	if s.budget.requestsFree(write, now) < n {
		s.readsBound = true
		s.wake(s.budget.requestsAt(write, n, now))
		return nil
	}
	t := s.pack(write, s.ready[:n])
	s.ready = s.ready[n:]
	look := t.rows[0].look
	for _, r := range t.rows {
		s.unpromise(r)
		r.announced = true
	}
	t.call = s.budget.leave(write, n, look, now)
	s.sending++
	return t
}

// writable is how many of the ready rows the budget of writes lets go in one envelope: no fewer than were looked at together, so that
// envelopes stay large, unless that is all that the window holds beside full ones. Where none go, it wakes the sender.
func (s *sender) writable(full int, now time.Time) int {
	together := 0
	for together < min(len(s.ready), full) && s.ready[together].look == s.ready[0].look {
		together++
	}
	if together == 0 {
		return 0
	}
	free, rest := s.budget.writesFree(now), s.budget.rest(full)
	if free >= together || rest > 0 && free >= rest {
		return min(len(s.ready), full, free)
	}
	s.wake(s.budget.writesAt(together, now))
	if rest > 0 {
		s.wake(s.budget.writesAt(rest, now))
	}
	s.wake(s.ready[0].seen.Add(s.o.RereadAfter + 1))
	return 0
}

// nextPreread packs looks at the next changes to be sent. They leave so early that they are back when the budget lets the writes go.
func (s *sender) nextPreread(now time.Time) *request {
	full := s.full()
	if len(s.queue) == 0 || s.looking+s.sending+(len(s.ready)+full-1)/full >= s.o.Concurrency {
		return nil
	}
	n, at := s.budget.nextPreread(full, now)
	stale := 0
	for stale < min(n, len(s.queue)) && !s.fresh(s.queue[stale], now) {
		stale++
	}
	if stale == 0 {
		return nil // what comes next waits for room to be sent
	}
	if stale < n {
		n, at = stale, s.budget.prereadAt(stale, now)
	}
	if at.IsZero() || at.After(now) {
		s.wake(at)
		return nil
	}
	if n = s.affordable(preread, n, now); n == 0 {
		return nil
	}
	t := s.pack(preread, s.queue[:n])
	s.queue = s.queue[n:]
	t.call = s.budget.leave(preread, n, nil, now)
	s.looking++
	return t
}

// nextReread packs looks that settle. Until they are many, or nothing else is under way, they leave places for writes.
func (s *sender) nextReread(now time.Time) *request {
	n := min(len(s.due), s.most)
	if n == 0 {
		return nil
	}
	if late := s.due[0].due.Add(mostLate); !s.placeToSpare(now) && (s.rereading > 0 || now.Before(late)) {
		if s.rereading == 0 {
			s.wake(late)
		}
		return nil
	}
	if hold := s.due[0].due.Add(dueHold); n < s.most && now.Before(hold) && s.inFlight > 0 {
		s.wake(hold)
		return nil
	}
	if n = s.affordable(reread, n, now); n == 0 {
		return nil
	}
	t := s.pack(reread, s.due[:n])
	s.due = s.due[n:]
	t.call = s.budget.leave(reread, n, nil, now)
	s.rereading++
	return t
}

// placeToSpare reports whether a place is left beside those that writes and the looks before them need until a look is back.
func (s *sender) placeToSpare(now time.Time) bool {
	full := s.full()
	envelopes := func(rows int) int { return (rows + full - 1) / full }
	need := envelopes(len(s.ready)) + min(envelopes(len(s.queue)), s.budget.looksSoon(full, now))
	return s.stopped || s.inFlight+need < s.o.Concurrency
}

// affordable is how many looks of a kind the limit of requests lets go now: n, or where waiting gives no more, what there is.
func (s *sender) affordable(k callKind, n int, now time.Time) int {
	free := s.budget.requestsFree(k, now)
	if free >= n {
		return n
	}
	if at := s.budget.requestsAt(k, n, now); at.IsZero() || at.After(now) {
		s.readsBound = true
		s.wake(at)
		return 0
	}
	return max(free, 0)
}

func (s *sender) pack(k callKind, rows []*row) *request {
	s.inFlight++
	return &request{kind: k, rows: slices.Clone(rows), id: graph.NewRequestID()}
}
