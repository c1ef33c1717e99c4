package batch

import (
	"slices"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
	"taskrecon/internal/task"
)

// next packs the next envelope, or returns nil when none may leave now. Then wakeAt is when time alone will change that, or
// an answer is on its way: one of the two as long as there is work.
func (s *sender) next(now time.Time) *trip {
	s.wakeAt = time.Time{}
	if s.inFlight >= s.o.Concurrency {
		return nil
	}
	if now.Before(s.notBefore) {
		s.wakeAt = s.notBefore
		return nil
	}
	full := min(graph.MaxItems, s.mostReads(1))
	if len(s.reads) >= full || s.stopped || s.resumed() {
		if t := s.nextReading(now); t != nil {
			return t
		}
	}
	if t := s.nextWriting(now); t != nil {
		return t
	}
	if s.inFlight == 0 { // nothing can join them before time has passed
		return s.nextReading(now)
	}
	return nil
}

// resumed reports whether changes of an earlier leg of the run are to be read: before anything else.
func (s *sender) resumed() bool { return len(s.reads) > 0 && s.reads[0].result.Attempts == 0 }

// nextReading packs changes in doubt.
func (s *sender) nextReading(now time.Time) *trip {
	n := min(len(s.reads), graph.MaxItems, s.mostReads(1))
	if n == 0 || !s.fits(&s.anyWindow, n, now) {
		return nil
	}
	t := newTrip(reading, s.reads[:n])
	s.reads = s.reads[n:]
	return t
}

// mostReads is how many items the limit of requests lets go in one window, each of which costs so many.
func (s *sender) mostReads(each int) int {
	if s.anyWindow.rate.N <= 0 {
		return graph.MaxItems
	}
	return max(s.anyWindow.rate.N/each, 1)
}

// fits reports whether n requests may leave now, and notes when they may where they may not.
func (s *sender) fits(w *window, n int, now time.Time) bool {
	if w.room(now) >= n {
		return true
	}
	s.wake(w.until(n, now))
	return false
}

func (s *sender) wake(at time.Time) {
	if !at.IsZero() && (s.wakeAt.IsZero() || at.Before(s.wakeAt)) {
		s.wakeAt = at
	}
}

// nextWriting packs changes to be sent: the ready ones first, filled up from the queue. Changes whose task was seen too long
// ago are read first, but only when there is room to send them as soon as they are read. An
// envelope that is not full is held back while a reading or an answer may still fill it, unless all in it is sent for
// the first time and none is to come.
func (s *sender) nextWriting(now time.Time) *trip {
	s.recall(now)
	largest := s.largest(now)
	for len(s.ready) < largest && len(s.writes) > 0 && !s.old(s.writes[0], now) {
		s.ready = append(s.ready, s.writes[0])
		s.writes = s.writes[1:]
	}
	n := min(len(s.ready), largest)
	if n >= s.rest() {
		s.wakeForRoom(s.rest(), 0, now)
	}
	if n < largest && !s.urgent() {
		if len(s.writes) > 0 {
			return s.readAhead(now)
		}
		if s.ahead > 0 || anySent(s.ready) && (s.inFlight > 0 || len(s.reads) > 0) {
			return nil
		}
	}
	if n == 0 || !s.fits(&s.anyWindow, n, now) {
		return nil
	}
	if !s.fits(&s.writeWindow, n, now) {
		if len(s.writes) > 0 {
			return s.readAhead(now)
		}
		return nil
	}
	t := newTrip(writing, s.ready[:n])
	s.ready = s.ready[n:]
	for _, it := range t.items {
		it.looks = 0
		it.withheld = s.o.StatusByAction && len(it.left) > 1 && hasStatus(it.left)
	}
	t.byAction, t.noteOf = s.o.StatusByAction, s.o.Note
	return t
}

// full is the size of a full envelope: what the service takes, but never more than the limits let go in one window.
func (s *sender) full() int {
	n := min(graph.MaxItems, s.mostReads(1))
	if s.writeWindow.rate.N > 0 {
		n = min(n, s.writeWindow.rate.N)
	}
	return n
}

// rest is what a window full of full envelopes leaves over.
func (s *sender) rest() int {
	if s.writeWindow.rate.N <= 0 {
		return 0
	}
	return s.writeWindow.rate.N % s.full()
}

// wakeForRoom wakes the dispatcher so long before the window of writes has room for n, if that is to come.
func (s *sender) wakeForRoom(n int, lead time.Duration, now time.Time) {
	if at := s.writeWindow.until(n, now); at.After(now.Add(lead)) {
		s.wake(at.Add(-lead))
	}
}

// largest is the size that the next envelope of writes should have: a full one's, or the odd rest of the window where that is
// all there is room for.
func (s *sender) largest(now time.Time) int {
	if rest := s.rest(); rest > 0 && s.writeWindow.room(now) == rest {
		return rest
	}
	return s.full()
}

func (s *sender) old(it *item, now time.Time) bool {
	return it.seen.IsZero() || now.Sub(it.seen) > s.o.RereadAfter
}

// urgent reports whether a change has been read before, only to become too old while it waited for company: it does not wait
// again.
func (s *sender) urgent() bool {
	return slices.ContainsFunc(s.ready, func(it *item) bool { return it.looks > 1 })
}

// recall sends ready changes that have waited too long back to be read again.
func (s *sender) recall(now time.Time) {
	if !slices.ContainsFunc(s.ready, func(it *item) bool { return s.old(it, now) }) {
		return
	}
	var fresh, old []*item
	for _, it := range s.ready {
		if s.old(it, now) {
			old = append(old, it)
		} else {
			fresh = append(fresh, it)
		}
	}
	s.ready, s.writes = fresh, append(old, s.writes...)
}

// readAhead packs a reading of the next changes to be sent: as many as fill an envelope with what is ready and being read.
// It leaves a moment before the window has room for the writes, so that the reading costs no time.
func (s *sender) readAhead(now time.Time) *trip {
	full, coming := s.full(), len(s.ready)+s.ahead
	n := min(full-coming%full, s.mostReads(2))
	lead := min(time.Second, s.o.RereadAfter/4)
	room := s.writeWindow.roomBy(now.Add(lead))
	if rest := room - coming; rest > 0 && rest < n && room%full == s.rest() {
		n = rest
	}
	most := n
	for n = 0; n < min(most, len(s.writes)) && s.old(s.writes[n], now); {
		n++
	}
	if n == 0 {
		return nil // what comes next is fresh
	}
	if room < coming+n {
		s.wakeForRoom(coming+n, lead, now)
		s.wakeForRoom(coming+s.rest(), lead, now)
		return nil
	}
	requests := coming + 2*n // they are read, and all of them sent
	if limit := s.anyWindow.rate.N; limit > 0 {
		requests = min(requests, limit)
	}
	if !s.fits(&s.anyWindow, requests, now) {
		return nil
	}
	t := newTrip(reading, s.writes[:n])
	for _, it := range t.items {
		it.ask = stillBase
	}
	s.writes = s.writes[n:]
	return t
}

// leave counts an envelope as being on the wire.
func (s *sender) leave(t *trip) {
	n := len(t.items)
	s.inFlight++
	s.anyWindow.leave(n)
	if t.purpose == writing {
		s.writeWindow.leave(n)
	}
	if t.ahead() {
		s.ahead += n
	}
}

// arrive takes an envelope off the wire.
func (s *sender) arrive(t *trip, left bool) {
	n, now := len(t.items), time.Now()
	s.inFlight--
	if t.ahead() {
		s.ahead -= n
	}
	for _, w := range []*window{&s.anyWindow, &s.writeWindow} {
		switch {
		case w == &s.writeWindow && t.purpose != writing:
		case left:
			w.back(n, now)
		default:
			w.away -= n
		}
	}
}

func anySent(items []*item) bool {
	return slices.ContainsFunc(items, func(it *item) bool { return it.result.Attempts > 0 })
}

func hasStatus(edits []diff.Edit) bool {
	return slices.ContainsFunc(edits, func(e diff.Edit) bool { return e.Property == task.Status })
}
