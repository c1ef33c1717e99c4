package batch

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"time"
)

// counting is where between its leaving and its answer the service counts a call, as a share of its latency.
type counting func(*rand.Rand) float64

func onArrival(*rand.Rand) float64  { return 0 }
func onAnswer(*rand.Rand) float64   { return 1 }
func anywhere(r *rand.Rand) float64 { return r.Float64() }

// latency is how long a call takes that leaves so long after the start.
type latency func(since time.Duration, r *rand.Rand) time.Duration

// world is a sending in plain event time: the service's window of writes, a dispatcher that keeps the rules, and the budget
// under test.
type world struct {
	latency  latency
	counting counting
	others   []time.Time // writes of another application, in order
	rereads  int         // of each write
	o        budgetOptions

	rng      *rand.Rand
	b        *budget
	now      time.Time
	events   []event
	window   []time.Time // writes that the service counted, the oldest first
	queue    []todo      // to be looked at, the next first
	ready    []*flight   // looked at, the oldest look first
	settling int         // items to be read again
	looks    int         // in flight
	writing  int
	reading  int

	began, start, last time.Time // of all, of the first write, of the last one that was sent
	sent, refused      int
	requests, looked   int
	dropped            int
	took               []stamped // writes that were taken or refused, by when they were counted
}

type todo struct{ notBefore time.Time }

type stamped struct {
	at      time.Time
	refused bool
}

type flight struct {
	c        *call
	tasks    []todo
	refused  []todo
	answered time.Time
}

type event struct {
	at time.Time
	do func()
}

func (w *world) at(t time.Time, do func()) {
	i, _ := slices.BinarySearchFunc(w.events, t, func(e event, t time.Time) int { return cmp.Or(e.at.Compare(t), -1) })
	w.events = slices.Insert(w.events, i, event{t, do})
}

const simulatedFull = 20

// run sends n writes.
func (w *world) run(n int, seed uint64) *world {
	w.rng = rand.New(rand.NewPCG(seed, 3))
	w.now = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	if w.o == (budgetOptions{}) {
		w.o = budgetOptions{Writes: PublishedWrites, Requests: PublishedReads, RereadAfter: 2 * time.Second, Concurrency: 5}
	}
	w.b = newBudget(w.o)
	w.queue = make([]todo, n)
	w.began = w.now
	for steps := 0; ; steps++ {
		wake := w.dispatch()
		if len(w.events) == 0 && wake.IsZero() {
			return w
		}
		if !wake.IsZero() && (len(w.events) == 0 || wake.Before(w.events[0].at)) {
			if !wake.After(w.now) {
				panic("a wake that is not to come")
			}
			w.now = wake
			continue
		}
		e := w.events[0]
		w.events = w.events[1:]
		w.now = e.at
		e.do()
		if w.now.Sub(w.began) > 24*time.Hour {
			panic("no end")
		}
	}
}

// dispatch has envelopes leave, and returns when time alone lets the next one leave.
func (w *world) dispatch() (wake time.Time) {
	for {
		wake = time.Time{}
		soon := func(at time.Time) bool {
			if at.After(w.now) && (wake.IsZero() || at.Before(wake)) {
				wake = at
			}
			return !at.IsZero() && !at.After(w.now)
		}
		w.dropOld(soon)
		if !w.write(soon) && !w.look(soon) && !w.settle() {
			return wake
		}
	}
}

func (w *world) dropOld(soon func(time.Time) bool) {
	for len(w.ready) > 0 && soon(w.ready[0].answered.Add(w.o.RereadAfter+1)) {
		w.queue = append(w.ready[0].tasks, w.queue...)
		w.b.promise(w.ready[0].c, 0)
		w.ready = w.ready[1:]
		w.dropped++
	}
}

func (w *world) inFlight() int { return w.looks + w.writing + w.reading }

func (w *world) write(soon func(time.Time) bool) bool {
	if w.inFlight() >= w.o.Concurrency {
		return false
	}
	for i, f := range w.ready {
		n := len(f.tasks)
		if w.b.writes.size > 0 {
			n = min(n, w.b.writes.size)
		}
		at := w.b.writesAt(n, w.now)
		if at.IsZero() {
			return false
		}
		for _, t := range f.tasks {
			at = later(at, t.notBefore)
		}
		if !soon(at) {
			continue
		}
		if w.b.requestsFree(write, w.now) < n {
			soon(w.b.requestsAt(write, n, w.now))
			return false
		}
		w.ready = slices.Delete(w.ready, i, i+1)
		w.send(f, n)
		return true
	}
	return false
}

func (w *world) send(f *flight, n int) {
	if n < len(f.tasks) {
		w.queue = append(f.tasks[n:], w.queue...)
	}
	c := w.b.leave(write, n, f.c, w.now)
	w.b.promise(f.c, 0)
	out := &flight{c: c, tasks: f.tasks[:n]}
	if w.start.IsZero() {
		w.start = w.now
	}
	w.last = w.now
	w.writing++
	w.sent += n
	w.requests += n
	took := w.latency(w.now.Sub(w.began), w.rng)
	w.at(w.now.Add(time.Duration(w.counting(w.rng)*float64(took))), func() { w.count(out) })
	w.at(w.now.Add(took), func() {
		w.writing--
		w.b.land(c, len(out.refused), w.now)
		w.queue = append(out.refused, w.queue...)
		w.settling += w.rereads * (len(out.tasks) - len(out.refused))
	})
}

// count is the service's side: a strict sliding window, in which refused requests count as well.
func (w *world) count(f *flight) {
	for range f.tasks {
		for len(w.others) > 0 && !w.others[0].After(w.now) {
			w.window, w.others = append(w.window, w.others[0]), w.others[1:]
		}
		for len(w.window) > 0 && w.now.Sub(w.window[0]) >= PublishedWrites.Per {
			w.window = w.window[1:]
		}
		over := len(w.window) - PublishedWrites.N
		w.window = append(w.window, w.now)
		w.took = append(w.took, stamped{w.now, over >= 0})
		if over >= 0 {
			w.refused++
			wait := w.window[over].Add(PublishedWrites.Per).Sub(w.now)
			f.refused = append(f.refused, todo{w.now.Add((wait + time.Second - 1).Truncate(time.Second))})
		}
	}
}

func (w *world) look(soon func(time.Time) bool) bool {
	if w.looks+len(w.ready)+w.writing >= w.o.Concurrency || w.inFlight() >= w.o.Concurrency || len(w.queue) == 0 {
		return false
	}
	lead := w.b.lead()
	var next, rest []todo
	for _, t := range w.queue {
		if len(next) < simulatedFull && (t.notBefore.IsZero() || soon(t.notBefore.Add(-lead))) {
			next = append(next, t)
		} else {
			rest = append(rest, t)
		}
	}
	n := min(len(next), w.size())
	if n == 0 || !soon(w.b.prereadAt(n, w.now)) {
		return false
	}
	if w.b.requestsFree(preread, w.now) < n {
		soon(w.b.requestsAt(preread, n, w.now))
		return false
	}
	w.queue = append(slices.Clone(next[n:]), rest...)
	f := &flight{c: w.b.leave(preread, n, nil, w.now), tasks: next[:n]}
	w.looks++
	w.looked++
	w.requests += n
	w.at(w.now.Add(w.latency(w.now.Sub(w.began), w.rng)), func() {
		w.looks--
		w.b.land(f.c, 0, w.now)
		f.answered = w.now
		w.ready = append(w.ready, f)
	})
	return true
}

func (w *world) size() int { return simulatedFull }

// settle has a look leave that settles, where no other needs its place.
func (w *world) settle() bool { return false }
