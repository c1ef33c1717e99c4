package report

import (
	"slices"
	"strings"

	"taskrecon/internal/ledger"
)

// results is the sheet with a row for every input row.
type results struct{ *table }

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
}

func (b *book) results() (results, error) {
	t, err := b.table(&table{name: resultsSheet, tab: navy, columns: slices.Clone(resultColumns)})
	return results{t}, err
}

func (t results) entry(e ledger.Entry) error {
	res := settled(e)
	return t.add(e.Row, e.ID, e.DisplayName.String(), e.Outcome, reason(e), properties(e.Edits), tried(e),
		status(res), res.Code, res.RequestID, res.ClientRequestID, res.SentAt, res.SettledAt)
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

func properties(edits []ledger.Edit) string {
	names := make([]string, len(edits))
	for i, e := range edits {
		names[i] = e.Property
	}
	return strings.Join(names, ", ")
}
