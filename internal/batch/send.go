// Package batch sends a plan: in $batch envelopes of at most 20 patches, a bounded number in flight,
// with retries of single items, until every change has exactly one result.
package batch

import (
	"context"
	"errors"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
	"taskrecon/internal/task"
)

// Poster makes one $batch call. Errors are of the kinds that graph.Client.Batch documents.
type Poster interface {
	Batch(ctx context.Context, clientRequestID string, items []graph.Item) (*graph.Reply, error)
}

// Defaults of Options.
const (
	DefaultConcurrency = 4
	DefaultMaxAttempts = 6
	DefaultRereadAfter = time.Minute
)

// Options bound the sending. Zero fields take the defaults.
type Options struct {
	Concurrency int // envelopes in flight
	MaxAttempts int // times that one change is sent, and times that one is re-read

	Writes, Reads *Rate  // nil is the published limit; a Rate without N is none
	Spent         int    // requests that this program made just before, which count against Reads
	Before        Lately // envelopes of earlier runs, and of earlier legs of this one, which count against Writes and Reads

	Seen        time.Time     // when the changes' Current was read; zero is now
	Stale       bool          // Current is of another time: every task is read again just before it is sent
	RereadAfter time.Duration // age at which what was seen is too old to write upon
	OnConflict  OnConflict    // zero is SkipConflict
	NoReopen    bool          // Overwrite does not reopen a task that someone else has completed or rejected
	// InDoubt names changes that an earlier leg of the run sent without hearing an answer: they are read before anything else.
	InDoubt map[*diff.Change]bool

	Canary    int // the first so many changes go alone and are read again; the rest follows only if all are applied
	MaxErrors int // stop once so many changes ended badly; 0 is no such budget

	StatusByAction bool                      // send status by the action updateStatus, not by PATCH
	Note           func(*diff.Change) string // the note that goes with updateStatus; nil is none

	Progress func(Progress) // told before the first envelope leaves, and after every one that came back, from one goroutine
	// Waiting is told, from the same goroutine, when sending begins to stand still or does so for longer: until when no
	// envelope leaves, because the service asked for it or is in trouble.
	Waiting func(until time.Time)
}

// The errors by which Send says that it stopped by itself. What was not sent has no result.
var (
	ErrCanary = errors.New("a canary change is not known to be applied")
	ErrBudget = errors.New("the error budget is used up")
)

func (o Options) withDefaults() Options {
	if o.Concurrency <= 0 {
		o.Concurrency = DefaultConcurrency
	}
	if o.MaxAttempts <= 0 {
		o.MaxAttempts = DefaultMaxAttempts
	}
	if o.Writes == nil {
		o.Writes = &PublishedWrites
	}
	if o.Reads == nil {
		o.Reads = &PublishedReads
	}
	if o.RereadAfter <= 0 {
		o.RereadAfter = DefaultRereadAfter
	}
	if o.Seen.IsZero() && !o.Stale {
		o.Seen = time.Now()
	}
	if o.OnConflict == "" {
		o.OnConflict = SkipConflict
	}
	return o
}

// Send sends the changes, which must all be pending, and tells rec how each ended. It returns when
// nothing is on the wire any more.
//
// When ctx is cancelled no new envelope of writes leaves; what is on the wire is awaited and settled
// by reading again, and the changes that were never sent have no result. The error is the first that
// made it impossible to go on (no sign-in, no permission, no recording, ErrCanary, ErrBudget,
// ErrConflict), with what was on the wire settled as far as can be.
func Send(ctx context.Context, changes []*diff.Change, p Poster, rec Recorder, o Options) (Stats, error) {
	o = o.withDefaults()
	s := &sender{
		poster: p, rec: rec, o: o, wire: context.WithoutCancel(ctx), total: len(changes),
		writeWindow: window{rate: *o.Writes}, anyWindow: window{rate: *o.Reads}, pace: newPace(*o.Writes),
	}
	now := time.Now()
	s.anyWindow.spend(o.Spent, now)
	s.anyWindow.recall(o.Before, now)
	s.writeWindow.recall(o.Before, now)
	s.enqueue(changes)
	s.tell()
	s.run(ctx)
	return s.stats, s.err
}

// item is a change on its way to a result.
type item struct {
	change   *diff.Change
	left     []diff.Edit // edits still to be made
	result   Result      // what is known so far
	note     string      // what an applied change's reason has to tell
	seen     time.Time   // when the task was last read; zero is never
	doubtful bool        // was sent, and may have taken effect
	canary   bool
	withheld bool // the envelope carries the change without its status, which follows by updateStatus
	tries    int  // times that it was sent for what is left; the status that follows by an action counts anew
	looks    int  // times that it was read since it was last sent
	reads    int  // times that it was read again in vain
	ask      question
	last     *graph.Error  // the last refusal
	rest     bool          // the last trip failed in a way that wants a pause before the next
	pause    time.Duration // the pause that the last refusal asked for; negative when it did not say
}

// sender holds the queues. Only the goroutine in run touches what changes in it.
type sender struct {
	poster Poster
	rec    Recorder
	o      Options
	wire   context.Context // of the calls: not cancelled with the run, so that answers are heard

	held   []*item // to be sent once the canary is applied
	writes []*item // to be sent
	ready  []*item // to be sent next: seen lately, or sent before and to be sent again
	reads  []*item // to be read again, because their outcome is in doubt

	decoder task.Decoder // of the tasks in answers

	writeWindow, anyWindow window
	pace                   pace
	inFlight               int
	ahead                  int       // items being read before they are sent
	notBefore              time.Time // no envelope leaves before: the service asked for it
	wakeAt                 time.Time // when time alone lets an envelope leave; zero is never
	stopped                bool      // no write leaves any more
	total, settled, bad    int
	canaries               int // not settled yet
	stats                  Stats
	err                    error
}

func (s *sender) enqueue(changes []*diff.Change) {
	for _, c := range changes {
		it := &item{change: c, left: c.Edits, seen: s.o.Seen, pause: -1}
		if s.canaries < s.o.Canary {
			it.canary = true
			s.canaries++
		}
		switch {
		case s.o.InDoubt[c]:
			it.doubtful = true
			it.result.Reason = "sent before the program was stopped, without an answer on record"
			s.doubt(it, tookEffect)
		case !it.canary && s.o.Canary > 0:
			s.held = append(s.held, it)
		default:
			s.writes = append(s.writes, it)
		}
	}
}

func (s *sender) idle() bool {
	return s.inFlight == 0 && len(s.writes)+len(s.ready)+len(s.reads) == 0
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
		for t := s.next(time.Now()); t != nil; t = s.next(time.Now()) {
			s.leave(t)
			flights.Go(func() error {
				t.travel(s.wire, s.poster, s.rec)
				back <- t
				return nil
			})
		}
		if s.idle() {
			break
		}
		var wake <-chan time.Time
		var timer *time.Timer
		if !s.wakeAt.IsZero() {
			timer = time.NewTimer(time.Until(s.wakeAt))
			wake = timer.C
		}
		select {
		case t := <-back:
			s.land(t)
		case <-stop:
			stop = nil
			s.stop(nil)
		case <-wake:
		}
		if timer != nil {
			timer.Stop()
		}
	}
	_ = flights.Wait() // travel has no error of its own: every failure is in its trip
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
	s.notBefore = minTime(s.notBefore, time.Now().Add(stoppedPause))
	for _, it := range slices.Concat(s.ready, s.writes, s.held) {
		if it.doubtful {
			s.doubt(it, tookEffect)
		}
	}
	s.ready, s.writes, s.held = nil, nil, nil
}

// A run that was told to stop settles what is in doubt with less patience: somebody waits for it to end.
const (
	stoppedPause = 5 * time.Second
	stoppedReads = 3
)

func minTime(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// again queues a write that is known, or safe to suppose, not to have taken effect; one that has no
// attempt left, or no run to be sent in, is read once more before anything is said of it.
func (s *sender) again(it *item) {
	if s.stopped || it.tries >= s.o.MaxAttempts {
		s.doubt(it, tookEffect)
		return
	}
	s.ready = append(s.ready, it)
}

// goesNext queues a write that turned out not to have taken effect. While the canary is out, only its own go.
func (s *sender) goesNext(it *item) {
	if s.canaries > 0 && !it.canary {
		s.held = append(s.held, it)
		return
	}
	s.ready = append(s.ready, it)
}

func (s *sender) doubt(it *item, ask question) {
	it.ask = ask
	s.reads = append(s.reads, it)
}

// wait closes the gate for the longest of the waits asked for.
func (s *sender) wait(d time.Duration) {
	if s.stopped {
		d = min(d, stoppedPause)
	}
	now := time.Now()
	until := now.Add(d)
	from := now
	if s.notBefore.After(now) {
		from = s.notBefore
	}
	if until.After(from) {
		s.stats.Waited += until.Sub(from)
		s.notBefore = until
		if s.o.Waiting != nil {
			s.o.Waiting(until)
		}
	}
}
