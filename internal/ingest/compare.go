package ingest

import (
	"errors"
	"strings"

	"taskrecon/internal/task"
	"taskrecon/internal/xlsx"
)

// shownPrefix begins the header of a column that only shows what a property held.
const shownPrefix = "Current "

// shownColumn reports whether a header is of a column that only shows what a property held.
func shownColumn(header string) bool {
	name, ok := strings.CutPrefix(header, shownPrefix)
	return ok && task.Named(name) != nil
}

// asInBase reports whether a cell asks for nothing: it is blank, or shows what the base holds.
func (b *builder) asInBase(from *task.Base, m match, c cell) bool {
	v, known := task.Null, false
	if m.property != nil && m.pair == "" {
		v, known = from.Get(m.property)
	}
	if !known {
		return c.blank()
	}
	shown, _ := sheetText(m.property, v, b.csv)
	switch {
	case c.blank():
		if !blank(shown) && m.property.Writable {
			b.emptied[m.property.Name]++
		}
		return true
	case c.kind == xlsx.Text || c.kind == xlsx.Number && m.property.Kind == task.Int32:
		return sameText(c.text, shown)
	}
	return false
}

var errLost = errors.New(`the text holds "` + lost + `", which stands for what a sheet cannot hold; leave the cell as it was, or write the whole text anew`)

// whole refuses an edit of a value that the sheet could not show whole, if that shows in it.
func (b *builder) whole(from *task.Base, m match, text string) error {
	v, known := from.Get(m.property)
	if !known || !strings.Contains(text, lost) {
		return nil
	}
	if _, whole := sheetText(m.property, v, b.csv); whole {
		return nil
	}
	return errLost
}

// dropUnchanged takes out of a row that has a base the wishes for what the base holds, in whatever form they stand there.
func (b *builder) dropUnchanged(d *task.Desired) {
	if d.Base == nil {
		return
	}
	for i, m := range b.header.columns {
		w, ok := d.WishIn(i)
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
