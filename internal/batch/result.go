package batch

import (
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// Result is how one change that was to be sent ended. A failure is a value here, never a Go error.
type Result struct {
	Change          *diff.Change
	Outcome         diff.Outcome
	Reason          string       // in words, for every outcome but applied
	After           []task.Value // what the tenant was last seen to hold, one for each edit; nil when never seen
	Attempts        int          // PATCHes sent
	Status          int          // HTTP status of the last answer; 0 when there was none
	Code            string       // Graph's error code of the last answer
	RequestID       string       // Graph's request-id of the last answer, shared by an envelope where Graph shares it
	ClientRequestID string       // our client-request-id of the last envelope that carried the change
	ServerDate      time.Time    // when the service gave the last answer, by its own clock; zero when it did not say
	Temporary       bool         // not as wanted for a reason that may pass: the same run again may succeed
	SentAt          time.Time    // of the last attempt; zero when never sent
	SettledAt       time.Time
}

// Envelope announces a $batch call that carries writes, before it leaves.
type Envelope struct {
	ClientRequestID string
	Changes         []*diff.Change
	At              time.Time
}

// Stats counts what the sender put on the wire. Safe to read once Send has returned.
type Stats struct {
	Batches   int           `json:"batches"`   // $batch calls, of writes and of re-reads
	Patches   int           `json:"patches"`   // PATCH items in them, retries included
	Retries   int           `json:"retries"`   // PATCH items that were sent before
	Throttled int           `json:"throttled"` // answers 429, of items and of whole calls
	Waited    time.Duration `json:"waited"`    // time in which sending stood still because the service asked for it
}

// Recorder keeps what the sender tells it. It is called from several goroutines at once. An error
// stops the run: what cannot be recorded is not sent.
type Recorder interface {
	// Sending must not return before the envelope is on stable storage.
	Sending(Envelope) error
	// Result is called at most once for each change. A change that was never put on the wire, because the run
	// was stopped, has none.
	Result(Result) error
}
