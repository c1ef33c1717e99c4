package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// results is the sheet with a row for every input row.
type results struct {
	*table
	header *ledger.Header
	zone   *time.Location // nil is UTC alone
}

// resultColumns are those of Results, in every form that has them.
var resultColumns = []column{
	{"Row", 8, number},
	{"Task ID", 35, word},
	{"Display name", 30, prose},
	{"Outcome", 12, verdict},
	{"Reason", 46, prose},
	{"Changed properties", 24, prose},
	{"Attempts", 10, number},
	{"HTTP status", 9, number},
	{"Error code", 18, prose},
	{"Request ID", 35, word},
	{"Client request ID", 35, word},
	{"Sent at", 19, instant},
	{"Settled at", 19, instant},
	{"Server date", 21, word},
	{"Run ID", 25, word},
	{"Actor", 30, prose},
	{"App ID", 35, word},
	{"Tenant", 35, word},
	{"Settled after", 10, elapsed},
	{"Overwrote", 34, prose},
	{"Note sent", 34, prose},
}

// zoned is the place in resultColumns before which those of the reader's zone stand. What is behind it came later, and stands at the end.
const zoned = 18

// laterColumns are those that earlier reports have not, by sheet.
var laterColumns = map[string][]string{
	resultsSheet: {"Settled after", "Overwrote", "Note sent"},
	changesSheet: {"Overwrote"},
}

// results writes the sheet. Where the reader has a zone of his own, it has the times in that zone, too.
func (b *book) results(r *ledger.Reader, zone *time.Location) (results, error) {
	columns := slices.Clone(resultColumns)
	if foreign(zone) {
		columns = slices.Insert(columns, zoned, column{"Sent at, " + zone.String(), 19, instant}, column{"Settled at, " + zone.String(), 19, instant})
	} else {
		zone = nil
	}
	t, err := b.table(&table{name: resultsSheet, tab: navy, columns: columns, across: 2})
	return results{t, &r.Header, zone}, err
}

// entry writes a row that leads to those of its changes and of its failure.
func (t results) entry(e ledger.Entry, o diff.Outcome, change, failure spot) error {
	values := resultValues(t.header, e, o, change, failure)
	if t.zone != nil {
		res := settled(e)
		values = slices.Insert(values, zoned, any(local{res.SentAt.In(t.zone)}), any(local{res.SettledAt.In(t.zone)}))
	}
	return t.add(values...)
}

// resultValues are the values of resultColumns for an entry: a string, int, float64, time.Time, diff.Outcome, linked or nil each.
func resultValues(h *ledger.Header, e ledger.Entry, o diff.Outcome, change, failure spot) []any {
	res := settled(e)
	return []any{
		e.Row, e.ID, e.DisplayName.String(), leading(o, failure), reason(e), leading(properties(e.Edits), change), e.Attempts,
		status(res), res.Code, res.RequestID, res.ClientRequestID, res.SentAt, res.SettledAt,
		serverDate(res), h.RunID, e.Caller.Actor, e.Caller.AppID, h.Tenant,
		settledAfter(res), overwrote(e), noteOf(e, o == wouldChange),
	}
}

// serverDate is the date of the answer by the service's clock, in the form in which the audit logs of Entra and Intune export theirs.
func serverDate(res ledger.Result) string {
	if res.ServerDate.IsZero() {
		return ""
	}
	return res.ServerDate.UTC().Format(time.RFC3339)
}

// settled is the entry's result, or an empty one.
func settled(e ledger.Entry) ledger.Result {
	if e.Result == nil {
		return ledger.Result{}
	}
	return *e.Result
}

// status is the HTTP status, or a blank where there was no answer.
func status(res ledger.Result) any {
	if res.Status == 0 {
		return nil
	}
	return res.Status
}

// settledAfter is how many seconds after the last answer the row was settled, or a blank where the answer settled it.
func settledAfter(res ledger.Result) any {
	if res.SettledAfter == 0 {
		return nil
	}
	return res.SettledAfter
}

// overwrote names each property of which another's value was overwritten, with that value.
func overwrote(e ledger.Entry) string {
	values := make([]string, len(e.Overwrote))
	for i, o := range e.Overwrote {
		values[i] = o.Property + ": " + overwritten(o.Value)
	}
	return strings.Join(values, "; ")
}

// overwritten is a value that was overwritten, in words where it was none, since a blank says that nothing was.
func overwritten(v task.Value) string { return cmp.Or(v.String(), "(not set)") }

// noteOf is the note that went out with the status, or of a row that waits to be sent the one that would.
func noteOf(e ledger.Entry, waits bool) string {
	if waits || e.StatusSent == diff.ViaAction {
		return e.Note
	}
	return ""
}

func properties(edits []ledger.Edit) string {
	names := make([]string, len(edits))
	for i, e := range edits {
		names[i] = e.Property
	}
	return strings.Join(names, ", ")
}
