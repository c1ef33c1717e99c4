// Package batch sends a plan: in $batch envelopes of at most 20 patches, a bounded number in flight,
// with retries of single items, until every change has exactly one result.
package batch

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
)

// Poster makes one $batch call. Errors are of the kinds that graph.Client.Batch documents.
type Poster interface {
	Batch(ctx context.Context, clientRequestID string, items []graph.Item) (*graph.Reply, error)
}

// Defaults of Options.
const (
	DefaultConcurrency = 4
	DefaultMaxAttempts = 6
)

// Options bound the sending. Zero fields take the defaults.
type Options struct {
	Concurrency int // envelopes in flight
	MaxAttempts int // times that one change is sent, and times that one is re-read
}

func (o Options) withDefaults() Options {
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
	if o.MaxAttempts <= 0 {
		o.MaxAttempts = DefaultMaxAttempts
	}
	return o
}

// Send sends the changes, which must all be pending, and tells rec how each ended. It returns when
// nothing is on the wire any more.
//
// When ctx is cancelled no new envelope of writes leaves; what is on the wire is awaited and settled
// by reading again, and the changes that were never sent have no result. The error is the first that
// made it impossible to go on (no sign-in, no permission, no recording), with what was on the wire settled as far as can be.
func Send(ctx context.Context, changes []*diff.Change, p Poster, rec Recorder, o Options) (Stats, error) {
	s := &sender{poster: p, rec: rec, o: o.withDefaults(), wire: context.WithoutCancel(ctx)}
	for _, c := range changes {
		s.writes = append(s.writes, &item{change: c})
	}
	s.run(ctx)
	return s.stats, s.err
}

// item is a change on its way to a result.
type item struct {
	change *diff.Change
	result Result        // what is known so far
	reads  int           // times that it was read again
	ask    question      // what the next reading is to tell
	last   *graph.Error  // the last refusal
	rest   bool          // the last trip failed in a way that wants a pause before the next
	pause  time.Duration // the pause that the last refusal asked for; negative when it did not say
}

// sender holds the queues. Only the goroutine in run touches what changes in it.
type sender struct {
	poster Poster
	rec    Recorder
	o      Options
	wire   context.Context // of the calls: not cancelled with the run, so that answers are heard

	writes    []*item // to be sent, or sent again
	reads     []*item // to be read again
	inFlight  int
	notBefore time.Time // no envelope leaves before
	stopped   bool      // no write leaves any more
	stats     Stats
	err       error
}

// run is the dispatcher. Envelopes travel in goroutines of their own; their answers come back here, so
// that the queues need no lock.
func (s *sender) run(ctx context.Context) {
	var flights errgroup.Group
	flights.SetLimit(s.o.Concurrency) // the service throttles the tenant, not the connection: more in flight only earns 429s
	back := make(chan *trip, s.o.Concurrency)
	stop := ctx.Done()
	for {
		if ctx.Err() != nil { // select below may have chosen an answer over the stop
			s.stop(nil)
		}
		for t := s.next(); t != nil; t = s.next() {
			s.inFlight++
			flights.Go(func() error {
				t.travel(s.wire, s.poster, s.rec)
				back <- t
				return nil
			})
		}
		if s.inFlight == 0 && len(s.writes)+len(s.reads) == 0 {
			break
		}
		timer := time.NewTimer(time.Until(s.notBefore))
		gate := timer.C
		if s.inFlight > 0 && !time.Now().Before(s.notBefore) {
			gate = nil // open: only an answer, or the stop, can change anything
		}
		select {
		case t := <-back:
			s.inFlight--
			s.land(t)
		case <-stop:
			stop = nil
			s.stop(nil)
		case <-gate:
		}
		timer.Stop()
	}
	_ = flights.Wait() // travel has no error of its own: every failure is in its trip
}

// next packs the next envelope, or returns nil when none may leave now. An envelope that is not full
// is held back while an answer may still fill it, unless all in it is sent for the first time.
func (s *sender) next() *trip {
	if s.inFlight >= s.o.Concurrency || time.Now().Before(s.notBefore) {
		return nil
	}
	if n := min(len(s.reads), graph.MaxItems); n > 0 && (n == graph.MaxItems || s.inFlight == 0 && len(s.writes) == 0 || s.stopped) {
		t := newTrip(reading, s.reads[:n])
		s.reads = s.reads[n:]
		return t
	}
	n := min(len(s.writes), graph.MaxItems)
	if n == 0 {
		return nil
	}
	retry := false
	for _, it := range s.writes[:n] {
		retry = retry || it.result.Attempts > 0
	}
	if retry && n < graph.MaxItems && s.inFlight > 0 {
		return nil
	}
	t := newTrip(writing, s.writes[:n])
	s.writes = s.writes[n:]
	return t
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
	for _, it := range s.writes {
		if it.result.Attempts > 0 {
			s.doubt(it, tookEffect)
		}
	}
	s.writes = nil
}

// again queues a write that is known, or safe to suppose, not to have taken effect; one that has no
// attempt left, or no run to be sent in, is read once more before anything is said of it.
func (s *sender) again(it *item) {
	if s.stopped || it.result.Attempts >= s.o.MaxAttempts {
		s.doubt(it, tookEffect)
		return
	}
	s.writes = append(s.writes, it)
}

func (s *sender) doubt(it *item, ask question) {
	it.ask = ask
	s.reads = append(s.reads, it)
}

// wait closes the gate for the longest of the waits asked for.
func (s *sender) wait(d time.Duration) {
	now := time.Now()
	until := now.Add(d)
	from := now
	if s.notBefore.After(now) {
		from = s.notBefore
	}
	if until.After(from) {
		s.stats.Waited += until.Sub(from)
		s.notBefore = until
	}
}
