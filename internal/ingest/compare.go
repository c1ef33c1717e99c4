package ingest

import (
	"errors"
	"strings"
	"time"

	"taskrecon/internal/base"
	"taskrecon/internal/task"
	"taskrecon/internal/xlsx"
)

// These begin the header of a column that only shows what a property held: when it was read for the sheet, or after the run that the sheet
// takes back.
const ShownPrefix, LeftPrefix = "Current ", "Left "

// KindName is the header of a column that shows the kind of each task.
const KindName = "kind"

// shownColumn reports whether a header is of a column that only shows what a property held.
func shownColumn(header string) bool {
	name, current := strings.CutPrefix(header, ShownPrefix)
	name, left := strings.CutPrefix(name, LeftPrefix)
	return current != left && task.Named(name) != nil || header == KindName
}

// asInBase reports whether a cell asks for nothing: it is blank, or shows what the base holds.
func (b *builder) asInBase(from *task.Base, m match, c cell) bool {
	v, known := task.Null, false
	if m.property != nil && m.property != task.Note && m.pair == "" {
		v, known = from.Get(m.property)
	}
	if !known {
		return c.blank()
	}
	shown, _ := base.Show(m.property, v, b.csv)
	switch {
	case c.blank():
		if !blank(shown) && m.property.Writable {
			b.emptied[m.property.Name]++
		}
		return true
	case c.kind == xlsx.Text || c.kind == xlsx.Number && m.property.Kind == task.Int32:
		return base.SameText(c.text, shown)
	case c.kind == xlsx.Number && c.format == xlsx.DateFormat:
		cell, err := serialTime(c.text, b.date1904)
		wall, dated := base.Wall(v, b.format.Zone)
		return err == nil && dated && cell.Round(time.Second).Equal(wall)
	}
	return false
}

// ErrLost is the problem of an edited text that still shows what a sheet could not hold.
var ErrLost = errors.New(`the text holds "` + base.Lost + `", which replaces what a sheet cannot hold; leave the cell as it was, or write the whole text again`)

// whole refuses an edit of a value that the sheet could not show whole, if that shows in it.
func (b *builder) whole(from *task.Base, m match, text string) error {
	v, known := from.Get(m.property)
	if !known || !strings.Contains(text, base.Lost) {
		return nil
	}
	if _, whole := base.Show(m.property, v, b.csv); whole {
		return nil
	}
	return ErrLost
}

// dropUnchanged takes out of a row that has a base the wishes for what the base holds, in whatever form.
func (b *builder) dropUnchanged(d *task.Desired) {
	if d.Base == nil {
		return
	}
	for i, m := range b.header.columns {
		w, ok := d.AssignmentIn(i)
		if !ok {
			continue
		}
		if v, known := d.Base.Get(w.Property); m.pair == "" && known && w.Property.Equal(v, w.Value) {
			d.Blank(i)
			continue
		}
		b.edited++
	}
}
