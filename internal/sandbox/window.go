package sandbox

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// window is a sliding-window limit: at most limit requests in any span. Refused requests count as
// well, so only a client that waits gets through. It remembers the last limit requests and no more.
type window struct {
	span time.Duration
	ring []time.Time // times of the latest requests; empty means no limit
	next int         // the oldest of them, overwritten next
}

func newWindow(limit int, span time.Duration) window {
	return window{span: span, ring: make([]time.Time, max(limit, 0))}
}

// admit records a request at now. If the limit refuses it, wait is how long until one more fits,
// provided that none comes before.
func (w *window) admit(now time.Time) (wait time.Duration, ok bool) {
	if len(w.ring) == 0 {
		return 0, true
	}
	oldest := w.ring[w.next]
	ok = oldest.IsZero() || now.Sub(oldest) >= w.span
	w.ring[w.next] = now
	w.next = (w.next + 1) % len(w.ring)
	if ok {
		return 0, true
	}
	return w.ring[w.next].Add(w.span).Sub(now), false
}

// admit counts a request against both limits; s.mu is held.
func (s *Server) admit(write bool) (wait time.Duration, ok bool) {
	now := time.Now()
	for at, more := s.others.next(now, s.opt.Window); more; at, more = s.others.next(now, s.opt.Window) {
		s.any.admit(at)
		s.writes.admit(at)
	}
	wait, ok = s.any.admit(now)
	if write {
		w, fits := s.writes.admit(now)
		wait, ok = max(wait, w), ok && fits
	}
	return wait, ok
}

// others is the stream of writes of other applications. It is caught up with whenever a request comes in.
type others struct {
	every    time.Duration // 0 = there is none
	due, end time.Time     // of the next write, and of the stream (zero = never)
}

func newOthers(l Traffic, now time.Time) others {
	if l.N <= 0 || l.Per <= 0 {
		return others{}
	}
	o := others{every: max(l.Per/time.Duration(l.N), 1), due: now}
	if l.For > 0 {
		o.end = now.Add(l.For)
	}
	return o
}

// next is the time of a write that came in up to now and was not counted yet; those of longer than span ago do not matter.
func (o *others) next(now time.Time, span time.Duration) (at time.Time, more bool) {
	if o.every == 0 {
		return at, false
	}
	if late := now.Add(-span).Sub(o.due); late > 0 {
		o.due = o.due.Add(late.Truncate(o.every))
	}
	if o.due.After(now) || (!o.end.IsZero() && o.due.After(o.end)) {
		return at, false
	}
	at, o.due = o.due, o.due.Add(o.every)
	return at, true
}

// retryAfter writes a wait as whole seconds, or as a fraction such as 0.249 below one second.
func retryAfter(wait time.Duration) string {
	if wait >= time.Second {
		return strconv.Itoa(int(math.Ceil(wait.Seconds())))
	}
	ms := (wait + time.Millisecond - 1) / time.Millisecond
	return fmt.Sprintf("%d.%03d", ms/1000, ms%1000)
}
