package batch

import (
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
	"taskrecon/internal/task"
)

// next packs the next envelope, or returns nil when none may leave now; wakeAt then says when time alone
// will change that.
func (s *sender) next(now time.Time) *trip {
	s.wakeAt = time.Time{}
	if s.inFlight >= s.o.Concurrency {
		return nil
	}
	if now.Before(s.notBefore) {
		s.wakeAt = s.notBefore
		return nil
	}
	if t := s.nextReading(now); t != nil {
		return t
	}
	return s.nextWriting(now)
}

// nextReading packs changes in doubt: a full envelope, or what there is once no more can join it.
func (s *sender) nextReading(now time.Time) *trip {
	n := min(len(s.reads), graph.MaxItems)
	partial := len(s.ready) < graph.MaxItems && anySent(s.ready) // what is read may fill it
	last := s.inFlight == 0 && len(s.writes) == 0 && (len(s.ready) == 0 || partial)
	if n == 0 || n < graph.MaxItems && !last && !s.stopped || !s.fits(&s.anyWindow, n, now) {
		return nil
	}
	t := newTrip(reading, s.reads[:n])
	s.reads = s.reads[n:]
	return t
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
// envelope that is not full is held back while an answer may still fill it, unless all in it is sent for
// the first time and none is to come.
func (s *sender) nextWriting(now time.Time) *trip {
	s.recall(now)
	largest := s.largest(now)
	for len(s.ready) < largest && len(s.writes) > 0 && !s.old(s.writes[0], now) {
		s.ready = append(s.ready, s.writes[0])
		s.writes = s.writes[1:]
	}
	if len(s.ready) < largest && len(s.writes) > 0 {
		if t := s.readAhead(now); t != nil {
			return t
		}
		if s.ahead == 0 && s.writeWindow.room(now) > 0 && len(s.ready) == 0 {
			return nil // the reading itself waits for room, and has said until when
		}
	}
	n := min(len(s.ready), largest)
	if n == 0 || n < largest && (s.ahead > 0 || s.inFlight > 0 && anySent(s.ready[:n])) {
		return nil
	}
	if now.Before(s.pace.next) && s.pace.rate > 0 {
		s.wake(s.pace.next)
		return nil
	}
	if !s.fits(&s.writeWindow, n, now) || !s.fits(&s.anyWindow, n, now) {
		return nil
	}
	t := newTrip(writing, s.ready[:n])
	s.ready = s.ready[n:]
	for _, it := range t.items {
		it.withheld = s.o.StatusByAction && len(it.left) > 1 && hasStatus(it.left)
	}
	t.byAction, t.noteOf = s.o.StatusByAction, s.o.Note
	return t
}

// largest is the size of a full envelope: what the service takes, but never more than the limit lets go in
// one window, nor more than the odd rest of it where that is all there is room for.
func (s *sender) largest(now time.Time) int {
	n := s.writeWindow.rate.N
	if n <= 0 {
		return graph.MaxItems
	}
	if rest := n % graph.MaxItems; rest > 0 && s.writeWindow.room(now) == rest {
		return rest
	}
	return min(n, graph.MaxItems)
}

func (s *sender) old(it *item, now time.Time) bool {
	return it.seen.IsZero() || now.Sub(it.seen) > s.o.RereadAfter
}

// recall sends ready changes that have waited too long back to be read again.
func (s *sender) recall(now time.Time) {
	var fresh, old []*item
	for _, it := range s.ready {
		if s.old(it, now) {
			old = append(old, it)
		} else {
			fresh = append(fresh, it)
		}
	}
	if len(old) > 0 {
		s.ready, s.writes = fresh, append(old, s.writes...)
	}
}

// readAhead packs a reading of the next changes to be sent.
func (s *sender) readAhead(now time.Time) *trip {
	n := 0
	for n < len(s.writes) && n < graph.MaxItems && s.old(s.writes[n], now) {
		n++
	}
	coming := len(s.ready) + s.ahead
	if need := min(coming+n, s.writeWindow.rate.N); s.writeWindow.rate.N > 0 && !s.fits(&s.writeWindow, need, now) {
		return nil
	}
	if s.pace.rate > 0 && (coming >= graph.MaxItems || now.Before(s.pace.next)) {
		s.wake(s.pace.next)
		return nil
	}
	if !s.fits(&s.anyWindow, n, now) {
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
		s.pace.sent(n, time.Now())
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
	for _, it := range items {
		if it.result.Attempts > 0 {
			return true
		}
	}
	return false
}

func hasStatus(edits []diff.Edit) bool {
	for _, e := range edits {
		if e.Property == task.Status {
			return true
		}
	}
	return false
}
