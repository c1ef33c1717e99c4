package batch

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// counting is at which part of its latency the service counts a call.
type counting func(*rand.Rand) float64

func onArrival(*rand.Rand) float64  { return 0 }
func onAnswer(*rand.Rand) float64   { return 1 }
func anywhere(r *rand.Rand) float64 { return r.Float64() }

// latency is how long a call takes that leaves so long after the start.
type latency func(since time.Duration, r *rand.Rand) time.Duration

// world is a sending in plain event time: the service's window of writes, a dispatcher by the rules, and the budget under test.
type world struct {
	latency  latency
	counting counting
	others   []time.Duration // writes of another application, in order, by their time since the start

	o      budgetOptions
	b      *budget
	rng    *rand.Rand
	began  time.Time
	now    time.Time
	events []event
	window []time.Time // writes that the service counted, the oldest first

	queue   int         // to be looked at
	waiting []time.Time // refused, to be sent again from then on, the first first
	ready   []*flight   // looked at, the oldest look first
	looks   int         // envelopes in flight
	writes  int

	first, last time.Time // when writes left
	requests    int
	counted     []counted
}

type counted struct {
	since   time.Duration
	refused bool
}

// flight is an envelope: a look, then the write that follows it.
type flight struct {
	c         *call
	n         int
	notBefore time.Time
	answered  time.Time // the look
	refused   []time.Time
}

type event struct {
	at time.Time
	do func()
}

func (w *world) after(d time.Duration, do func()) {
	at := w.now.Add(d)
	i, _ := slices.BinarySearchFunc(w.events, at, func(e event, t time.Time) int { return cmp.Or(e.at.Compare(t), -1) })
	w.events = slices.Insert(w.events, i, event{at, do})
}

const fullEnvelope = 20

// run sends n writes.
func (w *world) run(n int, seed uint64) *world {
	w.rng = rand.New(rand.NewPCG(seed, 3))
	w.began = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	w.now, w.queue = w.began, n
	w.o = budgetOptions{Writes: PublishedWrites, Requests: PublishedReads, RereadAfter: 2 * time.Second}
	w.b = newBudget(w.o)
	for {
		wake := w.dispatch()
		switch {
		case !wake.IsZero() && (len(w.events) == 0 || wake.Before(w.events[0].at)):
			w.now = wake
		case len(w.events) > 0:
			e := w.events[0]
			w.events = w.events[1:]
			w.now = e.at
			e.do()
		case w.queue+len(w.waiting)+len(w.ready) > 0:
			panic("the sending stands still")
		default:
			return w
		}
		if w.now.Sub(w.began) > 24*time.Hour {
			panic("the sending has no end")
		}
	}
}

// alarm notes when time alone lets something happen.
type alarm struct{ now, at time.Time }

// rings reports whether that is now.
func (a *alarm) rings(at time.Time) bool {
	if at.After(a.now) && (a.at.IsZero() || at.Before(a.at)) {
		a.at = at
	}
	return !at.IsZero() && !at.After(a.now)
}

// dispatch has envelopes leave, and returns when time alone lets the next one leave.
func (w *world) dispatch() time.Time {
	for {
		a := &alarm{now: w.now}
		for len(w.ready) > 0 && a.rings(w.ready[0].answered.Add(w.o.RereadAfter+1)) {
			w.drop(w.ready[0])
			w.ready = w.ready[1:]
		}
		if w.looks+w.writes >= DefaultConcurrency || !w.write(a) && !w.look(a) {
			return a.at
		}
	}
}

// drop has the items of a look that grew too old looked at again.
func (w *world) drop(f *flight) {
	w.b.promise(f.c, 0)
	if f.notBefore.IsZero() {
		w.queue += f.n
	} else {
		w.waiting = append(slices.Repeat([]time.Time{f.notBefore}, f.n), w.waiting...)
	}
}

func (w *world) write(a *alarm) bool {
	for i, f := range w.ready {
		at := w.b.writesAt(f.n, w.now)
		if at.IsZero() {
			return false
		}
		if a.rings(later(at, f.notBefore)) {
			w.ready = slices.Delete(w.ready, i, i+1)
			w.send(f)
			return true
		}
	}
	return false
}

func (w *world) send(f *flight) {
	w.b.promise(f.c, 0)
	c := w.b.leave(write, f.n, f.c, w.now)
	if w.first.IsZero() {
		w.first = w.now
	}
	w.last = w.now
	w.writes++
	w.requests += f.n
	took := w.latency(w.now.Sub(w.began), w.rng)
	w.after(time.Duration(w.counting(w.rng)*float64(took)), func() { w.count(f) })
	w.after(took, func() {
		w.writes--
		w.b.land(c, len(f.refused), w.now)
		w.waiting = append(w.waiting, f.refused...)
		slices.SortFunc(w.waiting, time.Time.Compare)
	})
}

// count is the service's side: a strict sliding window, in which refused writes count as well.
func (w *world) count(f *flight) {
	for len(w.others) > 0 && w.others[0] <= w.now.Sub(w.began) {
		w.window, w.others = append(w.window, w.began.Add(w.others[0])), w.others[1:]
	}
	for len(w.window) > 0 && w.now.Sub(w.window[0]) >= PublishedWrites.Per {
		w.window = w.window[1:]
	}
	for range f.n {
		over := len(w.window) - PublishedWrites.N
		w.window = append(w.window, w.now)
		w.counted = append(w.counted, counted{w.now.Sub(w.began), over >= 0})
		if over >= 0 {
			wait := w.window[over].Add(PublishedWrites.Per).Sub(w.now)
			f.refused = append(f.refused, w.now.Add((wait + time.Second - 1).Truncate(time.Second)))
		}
	}
}

func (w *world) look(a *alarm) bool {
	if w.looks+len(w.ready)+w.writes >= DefaultConcurrency {
		return false
	}
	n, at := w.b.nextPreread(fullEnvelope, w.now)
	again := 0
	for again < min(n, len(w.waiting)) && a.rings(w.waiting[again].Add(-w.b.lead())) {
		again++
	}
	if again+w.queue < n {
		n = again + w.queue
		at = w.b.prereadAt(n, w.now)
	}
	if n == 0 || !a.rings(at) {
		return false
	}
	f := &flight{c: w.b.leave(preread, n, nil, w.now), n: n}
	if again > 0 {
		f.notBefore = w.waiting[again-1]
	}
	w.waiting = slices.Delete(w.waiting, 0, again)
	w.queue -= n - again
	w.looks++
	w.requests += n
	w.after(w.latency(w.now.Sub(w.began), w.rng), func() {
		w.looks--
		w.b.land(f.c, 0, w.now)
		f.answered = w.now
		w.ready = append(w.ready, f)
	})
	return true
}

// between is how many writes the service took and refused in a span of the run.
func (w *world) between(from, to time.Duration) (taken, refused int) {
	for _, c := range w.counted {
		switch {
		case c.since < from || c.since >= to:
		case c.refused:
			refused++
		default:
			taken++
		}
	}
	return taken, refused
}
