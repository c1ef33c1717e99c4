package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// jsonFormat is the version of the JSON report; docs/report-json.md says what each holds.
const jsonFormat = 1

// runJSON is the member "run" of the JSON report.
type runJSON struct {
	ID          string          `json:"id"`
	Command     string          `json:"command"`
	Version     string          `json:"version"`
	Verdict     string          `json:"verdict"`
	Good        bool            `json:"good"`
	Input       inputJSON       `json:"input"`
	Cloud       string          `json:"cloud"`
	GraphURL    string          `json:"graphUrl"`
	Tenant      string          `json:"tenant"`
	TenantTasks int             `json:"tenantTasks"`
	Actor       string          `json:"actor"`
	AppID       string          `json:"appId"`
	ObjectID    string          `json:"objectId"`
	SignInID    string          `json:"signInId"`
	Operator    string          `json:"operator"`
	Options     []ledger.Option `json:"options"`
	Started     *string         `json:"started"`
	Planned     *string         `json:"planned"`
	Ended       *string         `json:"ended"`
	ExitCode    *int            `json:"exitCode"`
	Reason      *string         `json:"reason"`
	Resumed     []resumedJSON   `json:"resumed"`
	Ledger      ledgerJSON      `json:"ledger"`
}

type inputJSON struct {
	File    string   `json:"file"`
	Sheet   string   `json:"sheet"`
	SHA256  string   `json:"sha256"`
	Rows    int      `json:"rows"`
	Notices []string `json:"notices"`
}

type resumedJSON struct {
	Started  *string `json:"started"`
	Operator string  `json:"operator"`
	Actor    string  `json:"actor"`
	AppID    string  `json:"appId"`
	ObjectID string  `json:"objectId"`
	Version  string  `json:"version"`
}

type ledgerJSON struct {
	Format    int    `json:"format"`
	PlanHash  string `json:"planHash"`
	FinalHash string `json:"finalHash"`
	Torn      bool   `json:"torn"`
}

type totalsJSON struct {
	Patches       int     `json:"patches"`
	Batches       int     `json:"batches"`
	Requests      int     `json:"requests"`
	Throttled     int     `json:"throttled"`
	Retries       int     `json:"retries"`
	WaitedSeconds float64 `json:"waitedSeconds"`
}

type rowJSON struct {
	Row             int          `json:"row"`
	ID              string       `json:"id"`
	DisplayName     task.Value   `json:"displayName"`
	Outcome         diff.Outcome `json:"outcome"`
	Reason          string       `json:"reason"`
	Edits           []editJSON   `json:"edits"`
	Attempts        int          `json:"attempts"`
	Status          *int         `json:"status"`
	Code            string       `json:"code"`
	RequestID       string       `json:"requestId"`
	ClientRequestID string       `json:"clientRequestId"`
	SentAt          *string      `json:"sentAt"`
	SettledAt       *string      `json:"settledAt"`
	ServerDate      *string      `json:"serverDate"`

	SettledAfter *float64               `json:"settledAfter"`
	Overwrote    []ledger.PropertyValue `json:"overwrote,omitempty"`
	Note         string                 `json:"note"`
	StatusVia    diff.Via               `json:"statusVia"`
}

type editJSON struct {
	Property string      `json:"property"`
	Before   task.Value  `json:"before"`
	Wanted   task.Value  `json:"wanted"`
	After    *task.Value `json:"after,omitempty"`
}

// writeJSON writes the report for programs, a line for each row, so that two of them can be compared.
func writeJSON(f *os.File, r *ledger.Reader, _ Options) error {
	v, err := newView(r, nil)
	if err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 256<<10)
	w := &jsonWriter{out: out}
	w.text("{\n")
	w.member("format", jsonFormat)
	w.text(",\n")
	w.member("run", v.runJSON())
	w.text(",\n\"outcomes\": {")
	for i, o := range diff.Outcomes() {
		if i > 0 {
			w.text(", ")
		}
		w.member(string(o), v.counted(o))
	}
	w.text("},\n")
	w.member("totals", v.totalsJSON())
	w.text(",\n\"rows\": [")
	first := true
	w.do(v.each(func(e ledger.Entry) error {
		w.item(&first, newRowJSON(e, waiting(e, r.Planned())))
		return w.err
	}))
	w.text("\n],\n\"unmanaged\": [")
	first = true
	for _, u := range r.Header.Unmanaged {
		w.item(&first, u)
	}
	w.text("\n]\n}\n")
	w.do(out.Flush())
	return w.err
}

func (v *view) runJSON() runJSON {
	h := &v.ledger.Header
	run := runJSON{
		ID: h.RunID, Command: h.Command, Version: h.Version, Verdict: v.verdict, Good: v.good,
		Input: inputJSON{
			File: h.Input.File, Sheet: h.Input.Sheet, SHA256: h.Input.SHA256, Rows: h.Input.Rows,
			Notices: append([]string{}, h.Input.Notices...), // [], never null
		},
		Cloud: h.Cloud, GraphURL: h.GraphURL, Tenant: h.Tenant, TenantTasks: h.TenantTasks,
		Actor: h.Actor, AppID: h.AppID, ObjectID: h.ObjectID, SignInID: h.SignInID, Operator: h.Operator, Options: append([]ledger.Option{}, h.Options...),
		Started: instantJSON(h.Started), Planned: instantJSON(h.Planned), Resumed: []resumedJSON{},
		Ledger: ledgerJSON{Format: h.Format, PlanHash: h.PlanHash, FinalHash: v.ledger.Final, Torn: v.ledger.Torn},
	}
	if e := v.ledger.End; e != nil {
		run.Ended, run.ExitCode, run.Reason = instantJSON(e.At), &e.ExitCode, &e.Reason
	}
	for _, l := range v.ledger.Resumes {
		run.Resumed = append(run.Resumed, resumedJSON{instantJSON(l.Started), l.Operator, l.Actor, l.AppID, l.ObjectID, l.Version})
	}
	return run
}

// counted is how many rows have the outcome in the ledger's terms, in which a row of a saved plan is not sent.
func (v *view) counted(o diff.Outcome) int {
	if o == diff.NotSent {
		return v.outcomes[o] + v.outcomes[wouldChange]
	}
	return v.outcomes[o]
}

func (v *view) totalsJSON() totalsJSON {
	t := v.ledger.Total()
	return totalsJSON{t.Patches, t.Batches, t.Requests, t.Throttled, t.Retries, seconds(t.Waited)}
}

func newRowJSON(e ledger.Entry, waits bool) rowJSON {
	res := settled(e)
	row := rowJSON{
		Row: e.Row, ID: e.ID, DisplayName: e.DisplayName, Outcome: e.Outcome, Reason: reason(e),
		Edits: make([]editJSON, len(e.Edits)), Attempts: e.Attempts, Code: res.Code,
		RequestID: res.RequestID, ClientRequestID: res.ClientRequestID,
		SentAt: instantJSON(res.SentAt), SettledAt: instantJSON(res.SettledAt),
		ServerDate: instantJSON(res.ServerDate),
		Overwrote:  e.Overwrote, Note: noteOf(e, waits), StatusVia: e.StatusSent,
	}
	if waits {
		row.StatusVia = e.StatusVia
	}
	if res.SettledAfter != 0 {
		row.SettledAfter = &res.SettledAfter
	}
	if res.Status != 0 {
		row.Status = &res.Status
	}
	for i, edit := range e.Edits {
		row.Edits[i] = editJSON{edit.Property, edit.Before, edit.Wanted, seen(e, i)}
	}
	return row
}

// instantJSON is a time, or null.
func instantJSON(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := utc(t)
	return &text
}

// jsonWriter writes JSON piece by piece and keeps the first error.
type jsonWriter struct {
	out *bufio.Writer
	buf bytes.Buffer
	err error
	// html has <, > and & written as escapes, so that the JSON can stand inside a script element.
	html bool
}

func (w *jsonWriter) do(err error) {
	if w.err == nil {
		w.err = err
	}
}

func (w *jsonWriter) text(s string) {
	_, err := io.WriteString(w.out, s)
	w.do(err)
}

func (w *jsonWriter) value(v any) {
	w.buf.Reset()
	e := json.NewEncoder(&w.buf)
	e.SetEscapeHTML(w.html)
	w.do(e.Encode(v))
	_, err := w.out.Write(bytes.TrimSuffix(w.buf.Bytes(), []byte("\n")))
	w.do(err)
}

func (w *jsonWriter) member(name string, v any) {
	w.value(name)
	w.text(": ")
	w.value(v)
}

// item writes an element of an array on a line of its own.
func (w *jsonWriter) item(first *bool, v any) {
	if !*first {
		w.text(",")
	}
	*first = false
	w.text("\n")
	w.value(v)
}
