package diff

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"taskrecon/internal/task"
)

// Via names a write of a change: the request that carries it.
type Via string

// The writes that there are. A change whose status goes by the action takes two where other properties differ as well.
const (
	ViaPatch  Via = "patch"
	ViaAction Via = "updateStatus"
)

// ViaAuto is not a write: it takes the action for a status that has a note, and PATCH for one that has none.
const ViaAuto Via = "auto"

// Write is one request that a change takes: the edits it carries, all of them each time it is sent.
type Write struct {
	Via   Via
	Edits []Edit
}

// Writes returns the requests that a change takes, in the order in which they are sent: PATCH first, status by the action after it.
func (c *Change) Writes() []Write {
	if c.StatusVia != ViaAction {
		return []Write{{ViaPatch, c.Edits}}
	}
	var patch, status []Edit
	for _, e := range c.Edits {
		if e.Property == task.Status {
			status = append(status, e)
		} else {
			patch = append(patch, e)
		}
	}
	var writes []Write
	if len(patch) > 0 {
		writes = append(writes, Write{ViaPatch, patch})
	}
	if len(status) > 0 {
		writes = append(writes, Write{ViaAction, status})
	}
	return writes
}

// Overwritten is a value that a change takes the place of although neither its base nor its wish holds it.
type Overwritten struct {
	Property *task.Property
	Value    task.Value
}

// Equal reports whether both are the same value of the same property.
func (o Overwritten) Equal(p Overwritten) bool {
	return o.Property == p.Property && o.Property.Equal(o.Value, p.Value)
}

// Overwrite is over with one more value, which takes the place of an earlier one of its property.
func Overwrite(over []Overwritten, o Overwritten) []Overwritten {
	kept := slices.DeleteFunc(slices.Clone(over), func(p Overwritten) bool { return p.Property == o.Property })
	return append(kept, o)
}

// Result is how one change that was to be sent ended. A failure is a value here, never a Go error.
type Result struct {
	Change          *Change
	Outcome         Outcome
	Reason          string        // in words, for every outcome but applied
	After           []task.Value  // what the tenant was last seen to hold, one for each edit; nil when never seen
	Attempts        int           // writes put on the wire
	Status          int           // HTTP status of the last answer; 0 when there was none
	Code            string        // Graph's error code of the last answer
	RequestID       string        // Graph's request-id of the last answer, shared by an envelope where Graph shares it
	ClientRequestID string        // our client-request-id of the last envelope that carried the change
	ServerDate      time.Time     // when the service gave the last answer, by its own clock; zero when it did not say
	Temporary       bool          // not as wanted for a reason that may pass: the same run again may succeed
	SentAt          time.Time     // of the last attempt; zero when never sent
	SettledAt       time.Time     // when the outcome was known
	SettledAfter    time.Duration // from the answer to the last attempt, or from when it was given up, to SettledAt; 0 where the answer settled it
	Overwrote       []Overwritten // what was found and overwritten, under --on-conflict overwrite
}

// Part is the first of a change's two writes, known to be applied while the second is still to be sent.
type Part struct {
	Change *Change
	Via    Via
	At     time.Time
}

// Envelope is a $batch call that carries writes, as it is announced before it leaves.
type Envelope struct {
	ClientRequestID string
	Changes         []*Change
	Writes          []Via           // of each change, which of its writes
	Overwrites      [][]Overwritten // of each change, what was found and is overwritten
	At              time.Time
}

// Account counts what a sender put on the wire.
type Account struct {
	Batches   int           `json:"batches"`   // $batch calls, of writes and of reads
	Patches   int           `json:"patches"`   // write items in them, retries included
	Retries   int           `json:"retries"`   // write items that were sent before
	Throttled int           `json:"throttled"` // answers 429, of items and of whole calls
	Waited    time.Duration `json:"waited"`    // time in which sending stood still for a limit or the service
}

// OutcomeWords lists the outcomes that occurred, in the order of Outcomes; "" where none did.
func OutcomeWords(counts map[Outcome]int) string {
	var parts []string
	for _, o := range Outcomes() {
		if n := counts[o]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, o))
		}
	}
	return strings.Join(parts, ", ")
}
