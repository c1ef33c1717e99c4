package ingest

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"taskrecon/internal/base"
	"taskrecon/internal/task"
)

// unknownBase is the base of a row that names one in which its task is not.
var unknownBase = new(task.Base)

// takeBase reads the base of a sheet whose header says that it has one.
func (b *builder) takeBase() (err error) {
	if b.header.base == 0 {
		return nil
	}
	if b.base, err = b.loadBase(); err != nil || b.base == nil {
		return err
	}
	switch zone := b.format.Zone; {
	case b.base.Zone == nil:
	case zone == nil:
		b.format.Zone = b.base.Zone
	case zone.String() != b.base.Zone.String():
		return fmt.Errorf("was made with dates of the time zone %s; leave --timezone %s out", b.base.Zone, zone)
	}
	b.in.format, b.in.baseID, b.in.BaseLines = b.format, b.base.ID, b.base.Lines
	return nil
}

// baseOf finds what the base says of a row that names one: from, what its cells are compared with as they are read, or lost, what its
// wishes are compared with once they are known. An error means that it cannot be known what the sheet asks for.
func (b *builder) baseOf(rec record) (from *task.Base, lost *base.Row, err error) {
	at := b.header.base
	if at == 0 || at > len(rec.cells) || rec.cells[at-1].blank() {
		return nil, nil, nil
	}
	named := strings.TrimSpace(rec.cells[at-1].text)
	const remedy = `or delete the column "` + base.Name + `" to ask for every value in the sheet`
	switch {
	case b.base == nil:
		return nil, nil, fmt.Errorf("row %d names the base %q, but that is neither in the file nor beside it (FILE.base.jsonl); put it there, %s", rec.row, clip(named), remedy)
	case b.base.ID != named:
		return nil, nil, fmt.Errorf("row %d names the base %q, but the base that is there is %q; keep the rows of different exports apart, %s", rec.row, clip(named), b.base.ID, remedy)
	}
	id := ""
	if at := b.in.IDColumn; at > 0 && at <= len(rec.cells) {
		id = bareID(rec.cells[at-1].text)
	}
	switch row, known := b.base.Row(id); {
	case !known:
		from = unknownBase
	case row.Found == nil:
		from = row.Base
	default:
		b.lost++
		return nil, &row, nil
	}
	b.based++
	return from, nil, nil
}

// lostBase is what the wishes of a row of a Failures sheet are compared with: a wish that did not come in place and is still in its cell
// with the value that it was compared with then, so that it meets the same conflict; any other with the value that was found.
func lostBase(d *task.Desired, lost *base.Row) *task.Base {
	b := &task.Base{ID: lost.ID, Read: lost.Read, Closes: lost.Closes}
	for w := range d.Assignments() {
		found, known := lost.Found.Get(w.Property)
		if !known {
			continue
		}
		was, _ := lost.Base.Get(w.Property)
		wanted, _ := lost.Wanted.Get(w.Property)
		switch {
		case w.Pair != "":
			if v, set := b.Get(w.Property); set {
				found = v // with what was put into it for another pair
			}
			b.Set(w.Property, lostPairs(w, was, found, wanted))
		case w.Property.Equal(w.Value, wanted):
			b.Set(w.Property, was)
		default:
			b.Set(w.Property, found)
		}
	}
	return b
}

// lostPairs is found, in which the pair that a wish is for is as it was if the wish is the one that did not come in place.
func lostPairs(w task.Assignment, was, found, wanted task.Value) task.Value {
	same := func(a, b task.Value) bool {
		one, errOne := task.OnlyPair(a, w.Pair)
		two, errTwo := task.OnlyPair(b, w.Pair)
		return errors.Join(errOne, errTwo) == nil && w.Property.Equal(one, two)
	}
	asked, err := task.WithPair(wanted, w)
	if err != nil || !same(asked, wanted) {
		return found
	}
	values, err := task.PairsOf(was)
	if err != nil {
		return found
	}
	w.Value = task.Null
	for _, s := range values {
		if s.Name == w.Pair {
			w.Value = task.Text("")
			if s.Value != nil {
				w.Value = task.Text(*s.Value)
			}
		}
	}
	if with, err := task.WithPair(found, w); err == nil {
		return with
	}
	return found
}

// noticeBase says what the rows were compared with, and which were not.
func (b *builder) noticeBase() {
	b.noticeBaseless()
	if b.based+b.lost > 0 {
		b.in.Base = &b.base.Source
	}
	if b.lost > 0 {
		b.notice(fmt.Sprintf("%s of a report's Failures, compared with what the tenant held up to %s: a wish that still is the one that did not come in place "+
			"meets the same conflict, unless --on-conflict overwrite says otherwise; any other is compared with the value found then",
			task.Plural(b.lost, "row"), b.base.Source.At.UTC().Format(time.RFC3339)))
	}
	if b.based == 0 {
		return
	}
	b.notice(fmt.Sprintf("compared with what the tenant held at %s: %s with this base, %s; unedited cells ask for nothing",
		b.base.Source.At.UTC().Format(time.RFC3339), task.Plural(b.based, "row"), task.Plural(b.edited, "edited cell")))
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

// noticeBaseless counts rows that ask for something beside a blank base: nothing guards them.
func (b *builder) noticeBaseless() {
	switch n := b.baseless; {
	case n == 1:
		b.notice(`1 row has nothing under "` + base.Name + `": every value in it is asked for, and nothing shows what somebody else has changed since; go through the plan, or edit a fresh export`)
	case n > 1:
		b.notice(fmt.Sprintf(`%d rows have nothing under %q: every value in them is asked for, and nothing shows what somebody else has changed since; go through the plan, or edit a fresh export`, n, base.Name))
	}
}
