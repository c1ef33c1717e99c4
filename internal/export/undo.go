package export

import (
	"fmt"
	"time"

	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

// Undo is what takes a run back.
type Undo struct {
	Rows       []Row            // each restores one task: it asks for what the run found, its base is what the run left behind
	Properties []*task.Property // that the rows restore, in table order
	Left       []string         // in words, what the run changed or may have changed and these rows do not restore
	At         time.Time        // when the last change settled
}

// UndoOf derives from a ledger what takes its run back: every change that was ever sent, whatever its outcome. The base of a row is
// what the run left behind or would have, so that the three-way comparison makes it harmless where nothing took effect.
func UndoOf(past *ledger.Reader) (*Undo, error) {
	u := &Undo{At: past.Header.Planned}
	var restored [task.Count]bool
	err := past.EachSent(func(e ledger.Entry) error {
		if e.Attempts == 0 {
			return nil // it shares the outcome of another, or its connection was never made
		}
		if e.Known.After(u.At) {
			u.At = e.Known
		}
		if e.Note != "" && e.StatusSent == diff.ViaAction {
			u.leave(e, fmt.Sprintf("the note %q went to Defender and stays there", text.Clip(e.Note, 200)))
		}
		row, err := u.row(e)
		if err != nil || len(row.Assignments) == 0 {
			return err
		}
		for _, w := range row.Assignments {
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

// row restores what the edits that were sent found.
func (u *Undo) row(e ledger.Entry) (Row, error) {
	row := Row{Base: &task.Base{ID: e.ID, Read: e.Known, Closes: e.Closes}}
	row.Base.Set(task.DisplayName, e.DisplayName)
	for _, edit := range e.Edits {
		p := task.Lookup(edit.Property)
		if p == nil {
			return row, fmt.Errorf("row %d edits the property %q, which is not known", e.Row, edit.Property)
		}
		if p == task.Status && e.StatusVia == diff.ViaAction && e.StatusSent == "" {
			continue // of its two writes, only the first was sent
		}
		was := edit.Before
		for _, o := range e.Overwrote {
			if o.Property == edit.Property {
				was = o.Value
			}
		}
		row.Base.Set(p, edit.Wanted)
		switch {
		case p.Equal(edit.Wanted, was):
		case CanAsk(p, edit.Wanted, was):
			row.Assignments = append(row.Assignments, task.Assignment{Property: p, Value: was})
		default:
			u.leave(e, fmt.Sprintf("%s was %s, which cannot be asked for; it stays %s", p.Name, p.Quoted(was), p.Quoted(edit.Wanted)))
		}
	}
	return row, nil
}
