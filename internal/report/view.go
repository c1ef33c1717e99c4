package report

import (
	"fmt"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// view is what the forms of a report that are no workbook are made of.
type view struct {
	figures
	ledger  *ledger.Reader
	verdict string // as the workbook's Summary words it
	good    bool
}

// newView counts the entries. also, where it is not nil, sees each of them.
func newView(r *ledger.Reader, also func(ledger.Entry)) (*view, error) {
	v := &view{ledger: r, figures: newFigures(r)}
	err := r.Each(func(e ledger.Entry) error {
		v.count(e)
		if also != nil {
			also(e)
		}
		return nil
	})
	v.verdict, v.good = judge(r, v.figures)
	return v, err
}

// each gives the entries a second time, and fails unless they are as many as were counted.
func (v *view) each(f func(ledger.Entry) error) error {
	rows := 0
	err := v.ledger.Each(func(e ledger.Entry) error {
		rows++
		return f(e)
	})
	if err == nil && rows != v.rows {
		return fmt.Errorf("the ledger gave %s, then %d", plural(v.rows, "row"), rows)
	}
	return err
}

// seen is the value that the tenant was last seen to hold; nil where nobody knows. That of an applied edit is the one wanted
// even where the ledger holds no other word of it: applied means that the tenant is known to hold it.
func seen(e ledger.Entry, edit int) *task.Value {
	switch {
	case e.Result != nil && edit < len(e.Result.After):
		return &e.Result.After[edit]
	case e.Outcome == diff.Applied:
		return &e.Edits[edit].Wanted
	}
	return nil
}

// utc writes a time for programs: RFC 3339 in UTC, "" for none.
func utc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
