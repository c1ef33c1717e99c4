package ingest

import (
	"cmp"
	"slices"
	"strings"

	"taskrecon/internal/task"
)

// written is what the cells of dueDateTime, the one date that can be set, held where they are kept as an instant, so that
// the user's own words can be shown again. A row needs four bytes, and none where no date was turned.
type written struct {
	column int        // counted from 0
	rows   []task.Ref // of each row, in this column
	turned []turned   // in the order of their refs
}

type turned struct {
	ref  task.Ref
	text string
}

// keepsInstants reports whether a date may stand for another instant than it would without the run's flags: in ledger and
// report it goes without them.
func (b *builder) keepsInstants() bool {
	zone := b.format.Zone
	return b.format.Order != task.OrderNone || zone != nil && zone.String() != "UTC"
}

// asInstant is the text of a date as it means the same without the zone and the date order of this reading.
func (b *builder) asInstant(m match, text string, v task.Value) string {
	if m.property == nil || m.property.Kind != task.DateTime || v.IsNull() || !b.keepsInstants() {
		return text
	}
	if _, err := task.ParseTime(strings.TrimSpace(text)); err == nil {
		return text // it has its own offset
	}
	return v.String()
}

// note takes down what a cell held that is kept under a ref. Refs of a column only grow.
func (w *written) note(column int, r task.Ref, text string) {
	w.column = column
	w.turned = append(w.turned, turned{r, text})
}

// row notes which text the row at an index has, the last row that there is.
func (w *written) row(index int, cells []task.Ref) {
	if len(w.turned) == 0 {
		return
	}
	for len(w.rows) < index {
		w.rows = append(w.rows, 0)
	}
	r := task.Ref(0)
	if w.column < len(cells) {
		r = cells[w.column]
	}
	w.rows = append(w.rows, r)
}

// show puts the user's own words back into the texts of a row.
func (w *written) show(row int, texts []string) {
	if row >= len(w.rows) || w.column >= len(texts) {
		return
	}
	at, ok := slices.BinarySearchFunc(w.turned, w.rows[row], func(t turned, r task.Ref) int { return cmp.Compare(t.ref, r) })
	if ok {
		texts[w.column] = w.turned[at].text
	}
}
