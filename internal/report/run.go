package report

import (
	"fmt"
	"slices"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

// WouldChange is the outcome that a row has for people in a saved plan, where the row waits to be sent. In the ledger's terms it is not sent.
const WouldChange diff.Outcome = "would change"

// Run is the model of a run. It may not be used by two goroutines at once.
type Run struct {
	Ledger  *ledger.Reader
	Figures // known once Each has returned nil
	saved   bool
	counted bool
}

// Figures are what the rows of a run add up to.
type Figures struct {
	Rows      int
	Outcomes  map[diff.Outcome]int // as people read them
	Failures  int                  // rows that did not come out as wanted
	Edits     int
	Temporary int // rows that are not as wanted, and that the same run may settle
	Amounts   *diff.Amounts
	Notes     int // that went to the service, or of a saved plan would
}

// New makes the model of the run that a ledger records.
func New(r *ledger.Reader) *Run {
	return &Run{Ledger: r, saved: r.Planned() || r.End != nil && r.End.Declined}
}

// Preview makes it the model of a plan, for somebody who is asked whether to send it.
func (r *Run) Preview() { r.saved = true }

// Each calls f with each row in the order of the input. The first error ends it.
func (r *Run) Each(f func(Row) error) error {
	n := Figures{Outcomes: map[diff.Outcome]int{}, Amounts: new(diff.Amounts)}
	err := r.Ledger.Each(func(e ledger.Entry) error {
		row := r.row(e)
		n.add(&row)
		return f(row)
	})
	switch {
	case err != nil:
		return err
	case r.counted && n.Rows != r.Rows:
		return fmt.Errorf("the ledger gave %s, then %d", text.Count(r.Rows, "row"), n.Rows)
	}
	r.Figures, r.counted = n, true
	return nil
}

// Count goes over the rows for the sake of the figures.
func (r *Run) Count() error { return r.Each(func(Row) error { return nil }) }

func (n *Figures) add(row *Row) {
	n.Rows++
	n.Outcomes[row.Shown]++
	n.Edits += len(row.Edits)
	if row.SameAs == nil {
		for _, e := range row.Edits {
			if p := task.Lookup(e.Property); p != nil {
				n.Amounts.Add(p, e.Before, e.Wanted)
			}
		}
	}
	if row.NoteSent() != "" {
		n.Notes++
	}
	if row.Failed() {
		n.Failures++
	}
	if row.Result != nil && row.Result.Temporary && !row.Outcome.Good() {
		n.Temporary++
	}
}

// Shown are the outcomes that a report lists. A saved plan has applied nothing, and says in that place what it would change.
func (r *Run) Shown() []diff.Outcome {
	all := diff.Outcomes()
	if r.saved {
		all[slices.Index(all, diff.Applied)] = WouldChange
	}
	return all
}

// OccurredFirst are the outcomes that a report lists, those that a row has before the others.
func (r *Run) OccurredFirst() []diff.Outcome {
	all := r.Shown()
	slices.SortStableFunc(all, func(a, b diff.Outcome) int { return min(1, r.Outcomes[b]) - min(1, r.Outcomes[a]) })
	return all
}

// Meaning explains an outcome as it is meant in a report.
func Meaning(o diff.Outcome) string {
	if o == WouldChange {
		return "Differs from what is wanted; a run of this plan sends it"
	}
	return o.Meaning()
}
