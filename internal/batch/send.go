package batch

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
	"taskrecon/internal/task"
)

// Send sends the changes, which must all be pending, and reports to rec how each ended. It returns when nothing is on the wire any more.
//
// When ctx is cancelled no new envelope of writes leaves; what was sent is settled by reading until the windows of all sendings have
// closed, and changes that were never sent have no result. Once Options.Leave is closed, it returns as soon as the calls under way are
// broken off. The error is the first that made it impossible to go on (no sign-in, no permission, no recording, ErrCanary, ErrBudget,
// ErrConflict, ErrNoAnswer), with what was on the wire settled as far as can be.
func Send(ctx context.Context, changes []*diff.Change, p Poster, rec Recorder, o Options) (diff.Account, error) {
	o = o.withDefaults()
	wire, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	now := time.Now()
	s := &sender{
		poster: p, rec: rec, o: o, wire: wire, cut: cut, total: len(changes), most: graph.MaxItems,
		budget: newBudget(budgetOptions{Writes: *o.Writes, Requests: *o.Reads, RereadAfter: o.RereadAfter}),
	}
	s.budget.spent(o.Spent, now)
	if o.Before.Writes > 0 {
		s.budget.recent(o.Before.Writes, o.Before.Last, now)
	}
	s.enqueue(changes, now)
	s.report()
	s.run(ctx)
	return s.account, s.err
}

// sender holds the queues. Only the goroutine in run touches what changes in it.
type sender struct {
	poster Poster
	rec    Recorder
	o      Options
	wire   context.Context // of the calls: not cancelled with the run, so that answers are read
	cut    func()          // breaks them off
	budget *budget

	held  []*row    // to be sent once the canary is applied
	queue []*row    // to be looked at, then sent
	ready []*row    // looked at, the oldest look first
	later timetable // waiting for a time
	due   []*row    // to be looked at as soon as there is a place

	most                                  int // items in an envelope
	inFlight, looking, sending, rereading int // envelopes
	notBefore                             time.Time
	wakeAt                                time.Time // when time alone may let an envelope leave; zero is never
	readsBound                            bool      // the limit of requests keeps an envelope back
	stopped                               bool      // no write leaves any more
	leaving                               bool      // nothing is settled any more
	unsynced                              bool
	unreachedN                            int
	unreachedAt                           time.Time
	told                                  time.Time // until when Waiting has reported that nothing leaves

	total, settled, bad int
	canaries            int // not settled yet
	account             diff.Account
	err                 error
}

// enqueue gives each change its first place.
func (s *sender) enqueue(changes []*diff.Change, now time.Time) {
	for _, c := range changes {
		r := newRow(c)
		if s.canaries < s.o.Canary {
			r.canary = true
			s.canaries++
		}
		for _, e := range c.Edits {
			if e.Overwrites {
				r.over = append(r.over, diff.Overwritten{Property: e.Property, Value: e.Before})
			}
		}
		earlier := s.o.Earlier[c]
		for _, o := range earlier.Overwrote {
			r.over, r.wrote = diff.Overwrite(r.over, o), diff.Overwrite(r.wrote, o)
		}
		if earlier.Part {
			r.step, r.sent = min(1, len(r.writes)-1), true
		}
		switch {
		case earlier.Sent:
			r.sent, r.result.Reason = true, "sent by an earlier leg of the run"
			r.answer(sooner(earlier.Answered, now), s.o.SettleWithin)
			r.why = doubted
			s.lookAt(r, now)
		case !r.canary && s.o.Canary > 0:
			s.held = append(s.held, r)
		default:
			s.begin(r, now)
		}
	}
}

// begin gives a row that was not sent its first place. What the list showed is the first look.
func (s *sender) begin(r *row, now time.Time) {
	if s.o.SettleOnly {
		return // it is still to be sent
	}
	if !s.o.Stale && r.step == 0 {
		st := diff.Stand(r.change.Edits, r.change.Current, r.over)
		if len(st.Old) < len(r.change.Edits) {
			s.judge(r, look{asked: s.o.Seen, came: later(s.o.Seen, s.o.BaseRead), task: r.change.Current})
			r.seen = sooner(r.seen, s.o.Seen) // nothing is sent upon a list for as long as it took to come
			return
		}
		r.seen, r.found = s.o.Seen, r.overwritten(st)
	}
	if at := r.change.NotBefore; now.Before(at) {
		s.waitFor(at, "what is taken back may still take effect")
		s.queueAt(r, at)
		return
	}
	s.queue = append(s.queue, r)
}

func (s *sender) idle() bool {
	return s.inFlight == 0 && len(s.queue)+len(s.ready)+len(s.later)+len(s.due) == 0
}

// run is the dispatcher. Envelopes travel in goroutines of their own; their answers come back here, so
// that the queues need no lock.
func (s *sender) run(ctx context.Context) {
	var flights errgroup.Group
	flights.SetLimit(s.o.Concurrency) // the service throttles the tenant, not the connection: more in flight only earns 429s
	back := make(chan *request, s.o.Concurrency)
	stop, leave := ctx.Done(), s.o.Leave
	for {
		if ctx.Err() != nil { // select below may have chosen an answer over the stop
			s.stop(nil)
		}
		for t := s.next(time.Now()); t != nil; t = s.next(time.Now()) {
			t.at = time.Now()
			flights.Go(func() error {
				t.do(s.wire, s.poster, s.rec)
				back <- t
				return nil
			})
		}
		if s.idle() {
			break
		}
		s.sync()
		s.sayWait(time.Now())
		wake, cancel := timer(s.wakeAt)
		from := time.Now()
		select {
		case t := <-back:
			s.wait(from)
			s.land(t)
		case <-stop:
			stop = nil
			s.stop(nil)
		case <-leave:
			leave = nil
			s.stop(nil)
			s.leaveNow()
		case <-wake:
			s.wait(from)
		}
		cancel()
	}
	_ = flights.Wait() // do has no error of its own: every failure is in its request
}

func timer(at time.Time) (<-chan time.Time, func() bool) {
	if at.IsZero() {
		return nil, func() bool { return false }
	}
	t := time.NewTimer(max(time.Until(at), time.Millisecond)) // a limit that is a moment off must not be asked all the time
	return t.C, t.Stop
}

// wait counts the time since from as waited, where something was to be sent and nothing was on the wire.
func (s *sender) wait(from time.Time) {
	if s.inFlight > 0 || s.stopped {
		return
	}
	again := slices.ContainsFunc(s.later, func(r *row) bool { return r.again })
	if again || s.readsBound || len(s.queue)+len(s.ready) > 0 {
		s.account.Waited += time.Since(from)
	}
}

// shortWait is a wait that is not worth a word.
const shortWait = 100 * time.Millisecond

// sayWait reports what is waited for where something is to be sent and nothing is on the wire.
func (s *sender) sayWait(now time.Time) {
	if s.inFlight > 0 || !s.wakeAt.After(now.Add(shortWait)) {
		return
	}
	switch {
	case s.readsBound:
		s.waitFor(s.wakeAt, "the read limit, "+s.o.Reads.String())
	case len(s.queue)+len(s.ready) > 0:
		s.waitFor(s.wakeAt, "the write limit, "+s.o.Writes.String())
	case len(s.later) > 0 && s.later[0].again:
		s.waitFor(s.wakeAt, "the service asked for it")
	}
}

// sync brings results to stable storage while nothing may leave.
func (s *sender) sync() {
	if !s.unsynced || s.inFlight >= s.o.Concurrency {
		return
	}
	s.unsynced = false
	if err := s.rec.Sync(); err != nil {
		s.stop(err)
	}
}

// land takes an envelope that came back and moves each of its rows on: to a result, or to a queue.
func (s *sender) land(t *request) {
	now := time.Now()
	s.inFlight--
	switch t.kind {
	case write:
		s.sending--
	case preread:
		s.looking--
	default:
		s.rereading--
	}
	if t.unsaid == nil {
		s.landInBudget(t, now)
	}
	if t.kind == write {
		s.landWrites(t, now)
	} else {
		s.landLooks(t, now)
		s.keepPromise(t)
	}
	s.report()
}

// landInBudget reports to the budget what became of a call, and counts it.
func (s *sender) landInBudget(t *request, now time.Time) {
	switch v, refusal := verdictOnCall(t.err); {
	case t.err != nil && (v == neverLeft || v == neverOnWire):
		s.budget.never(t.call)
		if v == neverLeft {
			return
		}
	case t.err == nil:
		s.budget.land(t.call, throttled(t.reply), now)
	case refusal != nil && refusal.Status == http.StatusTooManyRequests:
		s.budget.land(t.call, len(t.rows), now)
	default:
		s.budget.lose(t.call, now)
	}
	if !errors.Is(t.err, graph.ErrNotSent) {
		s.unreachedN = 0
	}
	s.account.Batches++
}

func throttled(reply *graph.Reply) int {
	n := 0
	for _, a := range reply.Answers {
		if a.Status == http.StatusTooManyRequests {
			n++
		}
	}
	return n
}

// keepPromise keeps slots for those rows of a look that are to be sent.
func (s *sender) keepPromise(t *request) {
	n := 0
	for _, r := range t.rows {
		if r.seen.IsZero() || t.kind != preread || r.look != nil || !slices.Contains(s.ready, r) {
			continue
		}
		r.look = t.call
		n++
	}
	s.budget.promise(t.call, n)
}

// stop ends the sending of writes. What was sent and is not settled is read again for its outcome.
func (s *sender) stop(cause error) {
	if s.err == nil {
		s.err = cause
	}
	if s.stopped {
		return
	}
	s.stopped = true
	s.notBefore = sooner(s.notBefore, time.Now().Add(stoppedPause))
	rows := slices.Concat(s.ready, s.queue, s.held)
	waiting := slices.Concat(s.later, s.due)
	s.ready, s.queue, s.held, s.later, s.due = nil, nil, nil, nil, nil
	for _, r := range waiting {
		if s.settles(r) {
			heap.Push(&s.later, r) // at due, past or to come
		} else {
			rows = append(rows, r)
		}
	}
	for _, r := range rows {
		s.unpromise(r)
		s.drop(r, time.Now())
	}
	if n, until := s.open(); n > 0 && !s.leaving {
		s.waitFor(until, task.Plural(n, "change")+" already sent may still take effect, and is read again until then")
	}
}

// stoppedPause is the longest that a run which was stopped waits for the service to settle what is in doubt.
const stoppedPause = 5 * time.Second

// settles reports whether a row waits to be settled, and not to be sent.
func (s *sender) settles(r *row) bool { return !r.again && r.why != unsent }

// open counts the rows that wait to be settled, and says when the last of their windows has closed.
func (s *sender) open() (n int, until time.Time) {
	for _, r := range slices.Concat(s.later, s.due) {
		if s.settles(r) {
			n++
			until = later(until, r.closes)
		}
	}
	return n, until
}

// leaveNow ends the settling: what is in doubt is unknown, and calls under way are broken off.
func (s *sender) leaveNow() {
	s.leaving = true
	s.cut()
	rows := slices.Concat(s.later, s.due)
	s.later, s.due = nil, nil
	for _, r := range rows {
		s.unknown(r, time.Now(), "the run was left before it was settled")
	}
}

// pause closes the gate for the longest of the pauses asked for.
func (s *sender) pause(d time.Duration, why string) {
	if s.stopped {
		d = min(d, stoppedPause)
	}
	until := time.Now().Add(d)
	if until.After(s.notBefore) {
		s.notBefore = until
		s.waitFor(until, why)
	}
}

// waitFor reports that nothing is sent before a time, once for that time.
func (s *sender) waitFor(until time.Time, why string) {
	if s.o.Waiting != nil && until.After(s.told) {
		s.told = until
		s.o.Waiting(until, why)
	}
}

// budgetUsed is the error of a run whose error budget is used up.
func budgetUsed(bad int) error {
	return fmt.Errorf("%w: %s ended badly", ErrBudget, task.Plural(bad, "change"))
}
