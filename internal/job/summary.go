package job

import (
	"cmp"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/runs"
)

// Summary is what a run comes down to: the object that --json prints.
type Summary struct {
	Command   string               `json:"command"`
	Run       string               `json:"run"`
	Plan      string               `json:"plan"` // the plan's hash; "" where none was made
	ExitCode  int                  `json:"exitCode"`
	Reason    string               `json:"reason"`
	Rows      int                  `json:"rows"`
	Outcomes  map[diff.Outcome]int `json:"outcomes"` // every outcome; they add up to Rows
	Unmanaged int                  `json:"unmanaged"`
	Changes   int                  `json:"changes"` // rows for which a patch was planned
	Patches   int                  `json:"patches"` // PATCH items put on the wire, retries included
	Batches   int                  `json:"batches"`
	Requests  int                  `json:"requests"` // HTTP calls
	Throttled int                  `json:"throttled"`
	Retries   int                  `json:"retries"`
	Waited    float64              `json:"waited"` // seconds that sending or listing stood still for a limit or the service
	Seconds   float64              `json:"seconds"`
	Ledger    string               `json:"ledger"`
	Reports   []string             `json:"reports"`
	Next      string               `json:"next,omitempty"`    // the command to run next
	Runs      []runs.Run           `json:"runs,omitempty"`    // of the command runs
	Checks    []Check              `json:"checks,omitempty"`  // of the command doctor
	Config    []Setting            `json:"config,omitempty"`  // of the command config
	Profile   any                  `json:"profile,omitempty"` // of the command probe
}

// Setting is the value that a flag, or a variable that holds a secret, has in a run, and where it comes from: "flag",
// the name of a variable, FILE:LINE, or "default". It holds no secret: Value says only whether there is one.
type Setting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// CheckStatus is how a check came out.
type CheckStatus string

// How a check can come out.
const (
	CheckOK      CheckStatus = "ok"
	CheckWarning CheckStatus = "warning" // a run may work, or part of it
	CheckFailed  CheckStatus = "failed"
	CheckSkipped CheckStatus = "skipped" // nothing can be said before another check passes
)

// Check is one look at the set-up.
type Check struct {
	Name   string      `json:"name"`
	Status CheckStatus `json:"status"`
	Found  string      `json:"found"`
	Fix    string      `json:"fix,omitempty"` // what to do about it
}

// NewSummary returns a summary of nothing, in which every outcome is present.
func NewSummary(command string) *Summary {
	s := &Summary{Command: command, Outcomes: map[diff.Outcome]int{}, Reports: []string{}}
	for _, o := range diff.Outcomes() {
		s.Outcomes[o] = 0
	}
	return s
}

// OfPast fills in what the ledger in a file says of its run.
func (s *Summary) OfPast(past *ledger.Reader, file string) {
	s.Run, s.Ledger, s.Rows, s.Unmanaged = past.Header.RunID, file, past.Rows(), len(past.Header.Unmanaged)
	total := past.Total()
	s.Patches, s.Batches, s.Requests = total.Patches, total.Batches, total.Requests
	s.Throttled, s.Retries = total.Throttled, total.Retries
	s.Outcomes, s.Changes = past.Counts(), past.Changes()
}

// Words lists the outcomes that occurred: "18 applied, 3 unchanged, 1 notFound".
func (s *Summary) Words() string {
	return cmp.Or(diff.OutcomeWords(s.Outcomes), "no rows")
}

// short counts the rows that are not as wanted.
func (s *Summary) short() int { return s.Rows - s.Outcomes[diff.Applied] - s.Outcomes[diff.Unchanged] }
