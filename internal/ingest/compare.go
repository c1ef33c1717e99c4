package ingest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"taskrecon/internal/task"
)

// unknownBase stands for the base of a row that names one in which its task is not.
var unknownBase = new(task.Base)

// shownPrefix begins the header of a column that only shows what a property held.
const shownPrefix = "Current "

// shownColumn reports whether a header is of a column that only shows what a property held.
func shownColumn(header string) bool {
	name, ok := strings.CutPrefix(header, shownPrefix)
	return ok && task.Named(name) != nil
}

// takeBase reads the base of a sheet whose header says that it has one.
func (b *builder) takeBase() (err error) {
	if b.header.base == 0 {
		return nil
	}
	if b.base, err = b.loadBase(); err != nil || b.base == nil {
		return err
	}
	switch zone := b.format.Zone; {
	case zone == nil:
		b.format.Zone = b.base.zone
	case zone.String() != b.base.zone.String():
		return fmt.Errorf("was made with dates of the time zone %s; leave --timezone %s out", b.base.zone, zone)
	}
	b.in.format, b.in.base = b.format, b.base
	return nil
}

// baseOf finds the base of a row that names one. An error means that it cannot be known what the sheet asks for.
func (b *builder) baseOf(rec record) (*task.Base, error) {
	at := b.header.base
	if at == 0 || at > len(rec.cells) || rec.cells[at-1].blank() {
		return nil, nil
	}
	named := strings.TrimSpace(rec.cells[at-1].text)
	const remedy = `or delete the column "` + baseName + `" to ask for every value in the sheet`
	switch {
	case b.base == nil:
		return nil, fmt.Errorf("row %d names the base %q, but that is neither in the file nor beside it (FILE.base.jsonl); put it there, %s", rec.row, clip(named), remedy)
	case b.base.id != named:
		return nil, fmt.Errorf("row %d names the base %q, but the base that is there is %q; keep the rows of different exports apart, %s", rec.row, clip(named), b.base.id, remedy)
	}
	b.based++
	id := ""
	if at := b.header.id; at > 0 && at <= len(rec.cells) {
		id = trimID(rec.cells[at-1].text)
	}
	if t := b.base.tasks[task.Key(id)]; t != nil {
		return t, nil
	}
	return unknownBase, nil
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
	case c.kind == cellText || c.kind == cellNumber && m.property.Kind == task.Int32:
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
			d.Silence(i)
			continue
		}
		b.edited++
	}
}

// noticeBase says what the rows were compared with, and which were not.
func (b *builder) noticeBase() {
	b.noticeBaseless()
	if b.based == 0 {
		return
	}
	b.in.Base = &b.base.source
	b.notice(fmt.Sprintf("compared with what the tenant held at %s: %s with this base, %s; unedited cells ask for nothing",
		b.base.source.At.UTC().Format(time.RFC3339), task.Plural(b.based, "row"), task.Plural(b.edited, "edited cell")))
	for _, p := range task.All() {
		if n := b.emptied[p.Name]; n > 0 {
			were := "were"
			if n == 1 {
				were = "was"
			}
			b.notice(fmt.Sprintf("%s: %s %s made blank, which leaves the property as it is; write %s to empty it", p.Name, task.Plural(n, "cell"), were, task.Clear))
		}
	}
}

// noticeBaseless tells of rows that ask for something beside a blank base: the guard that the sheet was made with does not hold
// for them. So it is with a report's Failures sheet.
func (b *builder) noticeBaseless() {
	switch n := b.baseless; {
	case n == 1:
		b.notice(`1 row has nothing under "` + baseName + `": every value in it is asked for, and nothing tells what somebody else changed since; go through the plan, or edit a fresh export`)
	case n > 1:
		b.notice(fmt.Sprintf(`%d rows have nothing under %q: every value in them is asked for, and nothing tells what somebody else changed since; go through the plan, or edit a fresh export`, n, baseName))
	}
}
