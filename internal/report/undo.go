package report

import (
	"fmt"
	"strings"
	"time"

	"taskrecon/internal/batch"
	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
)

// Undo is what takes a run back.
type Undo struct {
	Rows       []UndoRow
	Properties []*task.Property // that the rows restore, in table order
	Left       []string         // in words, what the run changed or may have changed and these rows do not restore
	At         time.Time        // when the last change settled
}

// UndoRow restores one task: the wishes are what the run found, the base is what it left behind.
type UndoRow struct {
	Base   *task.Base
	Wishes []task.Wish
}

// UndoOf derives from a ledger what takes its run back: what was sent and is known to have changed the
// tenant, and nothing else. CanAsk says whether a sheet can ask for a value in the place of the base's.
func UndoOf(past *ledger.Reader, canAsk func(p *task.Property, base, wanted task.Value) bool) (*Undo, error) {
	u := &Undo{At: past.Header.Planned}
	var restored [task.Count]bool
	err := past.EachSent(func(e ledger.Entry) error {
		if e.Outcome == diff.Unknown {
			u.leave(e, "nobody knows whether it took effect")
		}
		if e.Result == nil || e.Outcome == diff.Unknown {
			return nil
		}
		if e.Result.SettledAt.After(u.At) {
			u.At = e.Result.SettledAt
		}
		if strings.HasPrefix(e.Result.Reason, batch.Overwrote) {
			u.leave(e, "it overwrote what someone else had changed since the plan; the report's Reason has the values")
			return nil
		}
		row, err := u.row(e, canAsk)
		if err != nil || len(row.Wishes) == 0 {
			return err
		}
		for _, w := range row.Wishes {
			restored[w.Property.Index()] = true
		}
		u.Rows = append(u.Rows, row)
		return nil
	})
	for i, p := range task.All() {
		if restored[i] {
			u.Properties = append(u.Properties, p)
		}
	}
	return u, err
}

func (u *Undo) leave(e ledger.Entry, why string) {
	u.Left = append(u.Left, fmt.Sprintf("row %d, task %s: %s", e.Row, e.ID, why))
}

// row restores the edits of which the task holds something else than before.
func (u *Undo) row(e ledger.Entry, canAsk func(p *task.Property, base, wanted task.Value) bool) (UndoRow, error) {
	row := UndoRow{Base: &task.Base{ID: e.ID}}
	row.Base.Set(task.DisplayName, e.DisplayName)
	for i, edit := range e.Edits {
		p := task.Lookup(edit.Property)
		if p == nil {
			return row, fmt.Errorf("row %d edits the property %q, which is not known", e.Row, edit.Property)
		}
		after := edit.Wanted
		if i < len(e.Result.After) {
			after = e.Result.After[i]
		} else if e.Outcome != diff.Applied {
			continue // not known to have taken effect
		}
		if e.Outcome != diff.Applied && e.Outcome != diff.Differs && !p.Equal(after, edit.Wanted) {
			continue // what stands there is not this run's
		}
		row.Base.Set(p, after)
		switch {
		case p.Equal(after, edit.Before):
		case canAsk(p, after, edit.Before):
			row.Wishes = append(row.Wishes, task.Wish{Property: p, Value: edit.Before})
		default:
			u.leave(e, fmt.Sprintf("%s was %s, which cannot be asked for; it stays %q", p.Name, valueWords(edit.Before), after))
		}
	}
	return row, nil
}

func valueWords(v task.Value) string {
	if v.IsNull() {
		return "not set"
	}
	return fmt.Sprintf("%q", v.String())
}
