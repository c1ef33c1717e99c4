package report

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
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
	Undoes  string   `json:"undoes,omitempty"`
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

// WriteJSON writes the report for programs, a line for each row, so that two of them can be compared.
func WriteJSON(f io.Writer, past *ledger.Reader) error {
	r := New(past)
	if err := r.Count(); err != nil {
		return err
	}
	out := bufio.NewWriterSize(f, 256<<10)
	w := &jsonWriter{out: out, encoder: json.NewEncoder(lineless{out})}
	w.encoder.SetEscapeHTML(false)
	w.put("{\n\"format\": ", jsonFormat)
	w.put(",\n\"run\": ", r.runJSON())
	between := ",\n\"outcomes\": {"
	for _, o := range diff.Outcomes() {
		w.put(between, string(o))
		w.put(": ", r.inLedger(o))
		between = ", "
	}
	w.put("},\n\"totals\": ", r.totalsJSON())
	w.text(",\n\"rows\": [")
	between = "\n"
	err := r.Each(func(row Row) error {
		w.put(between, newRowJSON(&row))
		between = ",\n"
		return w.err
	})
	w.text("\n],\n\"unmanaged\": [")
	between = "\n"
	for _, u := range past.Header.Unmanaged {
		w.put(between, u)
		between = ",\n"
	}
	w.text("\n]\n}\n")
	return errors.Join(err, w.err, out.Flush())
}

// jsonWriter writes texts and values, and keeps the first error of a value; out keeps its own.
type jsonWriter struct {
	out     *bufio.Writer
	encoder *json.Encoder
	err     error
}

func (w *jsonWriter) text(s string) { w.out.WriteString(s) }

// put writes a value and what comes before it.
func (w *jsonWriter) put(before string, value any) {
	w.text(before)
	if err := w.encoder.Encode(value); w.err == nil {
		w.err = err
	}
}

// lineless drops the line break that an encoder writes behind each value.
type lineless struct{ out io.Writer }

func (l lineless) Write(p []byte) (int, error) {
	if _, err := l.out.Write(bytes.TrimSuffix(p, []byte("\n"))); err != nil {
		return 0, err
	}
	return len(p), nil
}

func (r *Run) runJSON() runJSON {
	h := &r.Ledger.Header
	words, good := r.Verdict()
	run := runJSON{
		ID: h.RunID, Command: h.Command, Version: h.Version, Verdict: words, Good: good,
		Input: inputJSON{
			File: h.Input.File, Sheet: h.Input.Sheet, SHA256: h.Input.SHA256, Rows: h.Input.Rows,
			Notices: append([]string{}, h.Input.Notices...), // [], never null
			Undoes:  h.Input.Undoes,
		},
		Cloud: h.Cloud, GraphURL: h.GraphURL, Tenant: h.Tenant, TenantTasks: h.TenantTasks,
		Actor: h.Actor, AppID: h.AppID, ObjectID: h.ObjectID, SignInID: h.SignInID, Operator: h.Operator, Options: append([]ledger.Option{}, h.Options...),
		Started: instantJSON(h.Started), Planned: instantJSON(h.Planned), Resumed: []resumedJSON{},
		Ledger: ledgerJSON{Format: h.Format, PlanHash: h.PlanHash, FinalHash: r.Ledger.Final, Torn: r.Ledger.Torn},
	}
	if e := r.Ledger.End; e != nil {
		run.Ended, run.ExitCode, run.Reason = instantJSON(e.At), &e.ExitCode, &e.Reason
	}
	for _, l := range r.Ledger.Resumes {
		run.Resumed = append(run.Resumed, resumedJSON{instantJSON(l.Started), l.Operator, l.Actor, l.AppID, l.ObjectID, l.Version})
	}
	return run
}

// inLedger is how many rows have the outcome in the ledger's terms, in which a row of a saved plan is not sent.
func (r *Run) inLedger(o diff.Outcome) int {
	if o == diff.NotSent {
		return r.Outcomes[o] + r.Outcomes[WouldChange]
	}
	return r.Outcomes[o]
}

func (r *Run) totalsJSON() totalsJSON {
	t := r.Ledger.Total()
	return totalsJSON{t.Patches, t.Batches, t.Requests, t.Throttled, t.Retries, seconds(t.Waited)}
}

func newRowJSON(r *Row) rowJSON {
	row := rowJSON{
		Row: r.Row, ID: r.ID, DisplayName: r.DisplayName, Outcome: r.Outcome, Reason: r.Why(),
		Edits: make([]editJSON, len(r.Edits)), Attempts: r.Attempts, Code: r.Sent.Code,
		RequestID: r.Sent.RequestID, ClientRequestID: r.Sent.ClientRequestID,
		SentAt: instantJSON(r.Sent.SentAt), SettledAt: instantJSON(r.Sent.SettledAt),
		ServerDate: instantJSON(r.Sent.ServerDate),
		Overwrote:  r.Overwrote, Note: r.NoteSent(), StatusVia: r.StatusSent,
	}
	if r.Waits() {
		row.StatusVia = r.StatusVia
	}
	if r.Sent.SettledAfter != 0 {
		row.SettledAfter = &r.Sent.SettledAfter
	}
	if r.Sent.Status != 0 {
		row.Status = &r.Sent.Status
	}
	for i, edit := range r.Edits {
		row.Edits[i] = editJSON{edit.Property, edit.Before, edit.Wanted, r.After(i)}
	}
	return row
}

// instantJSON is a time, or null.
func instantJSON(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	text := UTC(t)
	return &text
}

// UTC is a time for programs: RFC 3339 in UTC, "" for none.
func UTC(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
