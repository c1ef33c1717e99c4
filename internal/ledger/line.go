package ledger

import (
	"errors"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/task"
)

// Format is the version of the line format that this package writes and reads.
const Format = 3

// The kinds of line.
const (
	kindRun     = "run"
	kindChange  = "change"
	kindSending = "sending"
	kindPart    = "part"
	kindResult  = "result"
	kindEnd     = "end"
)

// Input says from what file the wanted states came.
type Input struct {
	File    string   `json:"file"`
	Sheet   string   `json:"sheet,omitempty"`
	SHA256  string   `json:"sha256"`
	Columns []string `json:"columns"` // the header as seen
	Rows    int      `json:"rows"`
	Notices []string `json:"notices,omitempty"`
	Undoes  string   `json:"undoes,omitempty"` // id of the run that the sheet takes back
}

// Option is one setting that was in force, by its flag's name.
type Option struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Unmanaged is a task of the tenant that no row names.
type Unmanaged struct {
	ID          string     `json:"id"`
	Type        string     `json:"type,omitempty"`
	DisplayName task.Value `json:"displayName"`
	Status      task.Value `json:"status"`
	AssignedTo  task.Value `json:"assignedTo"`
	DueDateTime task.Value `json:"dueDateTime"`
}

// Header is the first line of a ledger.
type Header struct {
	Format      int       `json:"format"`
	RunID       string    `json:"runId"`
	Command     string    `json:"command"` // "plan" or "apply"
	Version     string    `json:"version"` // of taskrecon
	Input       Input     `json:"input"`
	Cloud       string    `json:"cloud"`
	GraphURL    string    `json:"graphUrl"`
	Tenant      string    `json:"tenant"`   // tenant id from the access token, or "" where the token does not say
	Actor       string    `json:"actor"`    // application or user in whose name Graph was called
	AppID       string    `json:"appId"`    // client id of the application that called Graph, or "" where the token does not say
	ObjectID    string    `json:"objectId"` // of the user, else of the service principal, in the tenant's directory; or ""
	SignInID    string    `json:"signInId"` // of the access token in the tenant's sign-in log when the run began; or ""
	Operator    string    `json:"operator"` // who ran the program on which host: user@host
	Options     []Option  `json:"options"`
	Started     time.Time `json:"started"`
	Planned     time.Time `json:"planned"` // when the plan was made from what the tenant held
	TenantTasks int       `json:"tenantTasks"`
	// SettleWithin is the settling window of the run in seconds: how late a write may take effect and how far a read may lag, together.
	SettleWithin float64     `json:"settleWithin"`
	PlanHash     string      `json:"planHash"` // set by Writer.Plan; see the function PlanHash
	Unmanaged    []Unmanaged `json:"unmanaged"`
}

// Resumption is the mark of a run that goes on: who resumed it, when, and under what settings.
type Resumption struct {
	Started  time.Time `json:"started"`
	Operator string    `json:"operator"`
	Actor    string    `json:"actor"`
	AppID    string    `json:"appId"`
	ObjectID string    `json:"objectId"`
	Version  string    `json:"version"`
	Options  []Option  `json:"options"`

	SettleWithin float64 `json:"settleWithin"`        // as in Header, of this leg
	Signature    string  `json:"signature,omitempty"` // of the plan (see Reader.PlanFinal), as an OpenSSH signature file; once is enough
}

// Edit is one property of a change.
type Edit struct {
	Property string     `json:"property"`
	Before   task.Value `json:"before"`
	Wanted   task.Value `json:"wanted"`
	Pairs    bool       `json:"pairs,omitempty"` // single pairs of the collection are asked for: those that differ
	// Overwrites says that Before is neither the base's value nor the wanted one, and is overwritten all the same.
	Overwrites bool `json:"overwrites,omitempty"`
}

// Change is the plan's line for one input row.
type Change struct {
	Index       int          `json:"index"`
	Row         int          `json:"row"`
	ID          string       `json:"id"`
	Type        string       `json:"type,omitempty"` // @odata.type of the task; "" where none was found
	DisplayName task.Value   `json:"displayName"`    // as the tenant held it when the plan was made
	Cells       []string     `json:"cells"`          // the row as the input accepts it again, in Input.Columns
	Edits       []Edit       `json:"edits,omitempty"`
	Outcome     diff.Outcome `json:"outcome,omitempty"` // of rows that needed no sending
	Reason      string       `json:"reason,omitempty"`
	SameAs      *int         `json:"sameAs,omitempty"`    // index of the change whose outcome this row shares
	Note        string       `json:"note,omitempty"`      // that goes to the service with the status
	StatusVia   diff.Via     `json:"statusVia,omitempty"` // by which way the status goes; "" where none does
	BaseRead    time.Time    `json:"baseRead,omitzero"`   // when the base of the row was read; zero is Header.Planned
	NotBefore   time.Time    `json:"notBefore,omitzero"`  // nothing is sent for the row before
	Compared    []Compared   `json:"compared,omitempty"`  // of a row with a base that ended with the plan; see diff.Compared
}

// Compared is what stood against each other in a property of a row when the plan was made.
type Compared struct {
	Property string     `json:"property"`
	Base     task.Value `json:"base"`
	Found    task.Value `json:"found"`
	Wanted   task.Value `json:"wanted"`
}

// Sending is written, and on stable storage, before an envelope of writes leaves.
type Sending struct {
	ClientRequestID string     `json:"clientRequestId"`
	Changes         []int      `json:"changes"` // indices
	Writes          []diff.Via `json:"writes"`  // of each change, which of its writes
	// Overwrites is what was found and is overwritten, where that is neither the base's value nor the wanted one.
	Overwrites []IndexedValue `json:"overwrites,omitempty"`
	At         time.Time      `json:"at"`
}

// IndexedValue is a value of a property of the task of a change.
type IndexedValue struct {
	Index int `json:"index"`
	PropertyValue
}

// PropertyValue is a value of a property.
type PropertyValue struct {
	Property string     `json:"property"`
	Value    task.Value `json:"value"`
}

// Part says that the first of a change's two writes is applied: it is neither settled nor sent again.
type Part struct {
	Index int       `json:"index"`
	Write diff.Via  `json:"write"`
	At    time.Time `json:"at"`
}

// Result is the line of a change that was to be sent, once it is settled. A change may have one from
// each leg of a run; the last one counts.
type Result struct {
	Index           int          `json:"index"`
	Outcome         diff.Outcome `json:"outcome"`
	Reason          string       `json:"reason,omitempty"`
	After           []task.Value `json:"after,omitempty"` // one for each edit
	Attempts        int          `json:"attempts"`
	Status          int          `json:"status,omitempty"`
	Code            string       `json:"code,omitempty"`
	RequestID       string       `json:"requestId,omitempty"`
	ClientRequestID string       `json:"clientRequestId,omitempty"`
	ServerDate      time.Time    `json:"serverDate,omitzero"` // of the last answer, by the service's clock
	Temporary       bool         `json:"temporary,omitempty"`
	SentAt          time.Time    `json:"sentAt,omitzero"`
	SettledAt       time.Time    `json:"settledAt"`
	// SettledAfter is the seconds from the last answer, or from when it was given up, to SettledAt; 0 where the answer settled it.
	SettledAfter float64         `json:"settledAfter,omitempty"`
	Overwrote    []PropertyValue `json:"overwrote,omitempty"` // what was found and overwritten
	Note         string          `json:"note,omitempty"`      // that went to the service with the status
	StatusVia    diff.Via        `json:"statusVia,omitempty"` // by which way the status went; "" where none did
}

// End is the last line of a run that ended by itself, however it ended, or of a leg of it. It counts the
// requests of its leg.
type End struct {
	At       time.Time `json:"at"`
	ExitCode int       `json:"exitCode"`
	Reason   string    `json:"reason"`
	Requests int       `json:"requests"` // HTTP calls
	// Declined says that somebody was asked, and that nothing was sent for that.
	Declined bool `json:"declined,omitempty"`
	diff.Account
}

// resumed is the "run" line of a leg.
type resumed struct {
	Resumed bool `json:"resumed"` // true, which the header has not
	Resumption
}

// envelope is what every line has beside its own fields, and before them; its sum stands behind them.
type envelope struct {
	Kind string `json:"kind"`
	Prev string `json:"prev"`
}

// ErrAltered is wrapped by the errors of Open for a ledger that is not as it was written.
var ErrAltered = errors.New("the ledger was altered")

// These follow the name of a ledger in those of its signatures: as the saved plan that it was, and as the run that it became.
const (
	SignatureSuffix    = ".sig"
	RunSignatureSuffix = ".run.sig"
)

// SignedText is what a signature of a ledger is of: a final hash as a line, so that echo HASH makes it.
func SignedText(final string) []byte { return []byte(final + "\n") }
