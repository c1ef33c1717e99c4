package batch

import (
	"context"
	"errors"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/graph"
)

// Poster makes one $batch call. Errors are of the kinds that graph.Client.Batch documents.
type Poster interface {
	Batch(ctx context.Context, clientRequestID string, items []graph.Item) (*graph.Reply, error)
}

// Recorder keeps what the sender reports. Sending is called from several goroutines at once, the others from one. An error stops the
// run: what cannot be recorded is not sent.
type Recorder interface {
	// Sending must not return before the envelope is on stable storage.
	Sending(diff.Envelope) error
	// Part reports that the first of a change's two writes is applied.
	Part(diff.Part) error
	// Result is called at most once for each change. A change that was never announced by Sending, because the run was stopped, has
	// none.
	Result(diff.Result) error
	// Sync brings what was recorded to stable storage. It is called when nothing may leave.
	Sync() error
}

// OnConflict says what to do with a change whose task holds a value that is neither the base's nor the wanted one.
type OnConflict string

// The values of --on-conflict.
const (
	SkipConflict OnConflict = "skip"      // leave the task as it is
	Overwrite    OnConflict = "overwrite" // send what was wanted all the same
	Abort        OnConflict = "abort"     // leave it, and send nothing more
)

// Defaults of Options.
const (
	DefaultConcurrency  = 5
	DefaultMaxAttempts  = 6
	DefaultRereadAfter  = 2 * time.Second
	DefaultSettleWithin = 30 * time.Second
)

// leastRereadAfter is the shortest age of a look that can be kept to: within it an answer is read and the next envelope leaves.
const leastRereadAfter = 10 * time.Millisecond

// Options bound the sending. Zero fields take the defaults, but for SettleWithin.
type Options struct {
	Concurrency int // envelopes in flight
	MaxAttempts int // times that one write is sent, and times that a look is asked for again where no answer comes

	Writes, Reads *Rate        // nil is the published limit; a Rate without N is none
	Spent         int          // requests that this program made just before, which count against Reads
	Before        RecentWrites // what earlier runs, and earlier legs of this one, sent

	// Seen is when the changes' Current was read; zero is now. Where Stale is true, Current is of another time, and every task is
	// looked at before it is sent.
	Seen  time.Time
	Stale bool
	// BaseRead is when the base of changes without a BaseRead of their own was read; zero is long ago.
	BaseRead    time.Time
	RereadAfter time.Duration // age at which a look is too old to write upon
	// SettleWithin is the settling window: how late a write may take effect and how far a read may lag, together. 0 is a single look.
	SettleWithin time.Duration
	OnConflict   OnConflict // zero is SkipConflict
	NoReopen     bool       // Overwrite does not reopen a task that someone else has completed or rejected
	// Earlier is what earlier legs of the run did, for the changes that they sent.
	Earlier map[*diff.Change]Earlier
	// SettleOnly settles what earlier legs sent, by reading alone: a change that would be sent gets no result.
	SettleOnly bool
	// Released is called, under SettleOnly, with each change that a look showed not to have taken effect.
	Released func(*diff.Change)

	Canary    int // the first so many changes go alone; the rest follows only if all are applied
	MaxErrors int // stop once so many changes ended badly; 0 is no such budget

	// Leave, once closed, ends the sending at once: what is in doubt is unknown. Nil never is.
	Leave <-chan struct{}

	Progress func(Progress) // called before the first envelope leaves, and after every one that came back, from one goroutine
	// Waiting is called, from the same goroutine, when no write leaves before a time, and why.
	Waiting func(until time.Time, why string)
}

// Earlier is what earlier legs of a run did for one change.
type Earlier struct {
	Sent      bool      // it was put on the wire, and what became of it is to be seen
	Part      bool      // the first of its two writes is applied; Sent is then about the second
	Answered  time.Time // when the last answer came or was given up, else when the envelope was announced
	Overwrote []diff.Overwritten
}

// The errors by which Send says that it stopped by itself. What was not sent has no result.
var (
	ErrCanary   = errors.New("a canary change is not known to be applied")
	ErrBudget   = errors.New("the error budget is used up")
	ErrConflict = errors.New("a task was changed by someone else since the plan was made")
	ErrNoAnswer = errors.New("the service cannot be reached") // again and again, as often as MaxAttempts
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
	o.RereadAfter = max(o.RereadAfter, leastRereadAfter)
	o.SettleWithin = max(o.SettleWithin, 0)
	if o.Seen.IsZero() && !o.Stale {
		o.Seen = time.Now()
	}
	if o.OnConflict == "" {
		o.OnConflict = SkipConflict
	}
	return o
}
