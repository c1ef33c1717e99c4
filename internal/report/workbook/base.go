package workbook

import (
	"time"

	"taskrecon/internal/base"
	"taskrecon/internal/diff"
	"taskrecon/internal/ledger"
	"taskrecon/internal/report"
	"taskrecon/internal/task"
)

// failuresBase is what guards the Failures sheet when it is fed back: for each wish that did not come in place, or was in place
// already, the value that it was compared with, the value found, and the wish itself. It lies in a sheet that spreadsheets do not show.
type failuresBase struct {
	header *ledger.Header
	id     string // that ties a row of Failures to it; "" where there is none
	first  string // its first line
	cells  int    // that its longest line takes
	lines  *table // nil where there is none
}

// failuresBase goes over the rows that did not come out as wanted, since a base is tied to its rows by a hash over all of it. One that is
// too large for a sheet is left out.
func (b *book) failuresBase() (*failuresBase, error) {
	r := b.run.Ledger
	f := &failuresBase{header: &r.Header}
	var sum base.Sum
	latest, rows, size := r.Header.Planned, 1, int64(0)
	err := r.EachShort(func(e ledger.Entry) error {
		row, ok := f.row(e)
		if !ok {
			return nil
		}
		line, err := base.Line(row)
		if err != nil {
			return err
		}
		sum.Add(line)
		rows, size, f.cells = rows+1, size+int64(len(line)), max(f.cells, len(base.Chunks(line)))
		if row.Read.After(latest) {
			latest = row.Read
		}
		return nil
	})
	if err != nil || rows == 1 || rows > b.options.SheetRows || 2*size > sheetBytes {
		return f, err
	}
	f.id, f.first, err = sum.Header(base.Source{Tenant: r.Header.Tenant, Cloud: r.Header.Cloud, At: latest})
	return f, err
}

// begin starts the hidden sheet, whose header is the base's.
func (f *failuresBase) begin(b *book) (err error) {
	if f.id == "" {
		return nil
	}
	columns := make([]column, f.cells)
	for i := range columns {
		columns[i] = column{"", 20, word}
	}
	columns[0].header = f.first
	f.lines, err = b.table(&table{name: base.Name, tab: "9A9A9A", columns: columns, hidden: true})
	return err
}

// add writes the line of a row of Failures, and returns what ties the row to it; "" where it has none.
func (f *failuresBase) add(failed *report.Row) (id string, err error) {
	if f.id == "" {
		return "", nil
	}
	if failed.SameAs != nil && failed.Change.Outcome == diff.Pending {
		return f.id, nil // the line is that of the earlier row
	}
	row, ok := f.row(failed.Entry)
	if !ok {
		return "", nil
	}
	line, err := base.Line(row)
	if err != nil {
		return "", err
	}
	values := make([]any, f.cells)
	for i, part := range base.Chunks(line) {
		values[i] = part
	}
	return f.id, f.lines.add(values...)
}

// row is what the ledger says of an entry's wishes; ok is false where it knows nothing that they could be compared with.
func (f *failuresBase) row(e ledger.Entry) (r base.Row, ok bool) {
	r = base.Row{Base: &task.Base{ID: e.ID, Read: f.read(e)}, Found: new(task.Base), Wanted: new(task.Base)}
	if e.Outcome != diff.Failed || e.Result != nil && e.Result.Temporary {
		r.Closes = e.Closes // a write that was not refused for good may take effect until then
	}
	set := func(property string, was, found, wanted task.Value) {
		if p := task.Lookup(property); p != nil {
			r.Base.Set(p, was)
			r.Found.Set(p, found)
			r.Wanted.Set(p, wanted)
			ok = true
		}
	}
	for _, c := range e.Compared {
		set(c.Property, c.Base, c.Found, c.Wanted)
	}
	for i, edit := range e.Edits {
		found := edit.Before
		if e.Result != nil && i < len(e.Result.After) {
			found = e.Result.After[i]
		}
		set(edit.Property, edit.Before, found, edit.Wanted)
	}
	if len(e.Edits) > 0 {
		for _, w := range f.inPlace(e) {
			set(w.Property.Name, w.Value, w.Value, w.Value)
		}
	}
	return r, ok
}

// read is when what is known of an entry's task was read last.
func (f *failuresBase) read(e ledger.Entry) time.Time {
	latest := f.header.Planned
	if e.BaseRead.After(latest) {
		latest = e.BaseRead
	}
	if e.Result != nil && e.Result.SettledAt.After(latest) {
		latest = e.Result.SettledAt
	}
	return latest
}

// inPlace are the wishes of a row that no edit is for: they were met when the plan was made.
func (f *failuresBase) inPlace(e ledger.Entry) []task.Assignment {
	edited := map[string]bool{}
	for _, edit := range e.Edits {
		edited[edit.Property] = true
	}
	settings := task.Assignment{Property: task.IntendedSettings, Value: task.Null}
	var wishes []task.Assignment
	for i, name := range f.header.Input.Columns {
		if i >= len(e.Cells) || e.Cells[i] == "" {
			continue
		}
		if pair := task.PairColumn(name); pair != "" && !edited[settings.Property.Name] {
			if w, err := task.ParsePair(pair, e.Cells[i]); err == nil {
				settings.Value, _ = task.WithPair(settings.Value, w)
			}
			continue
		}
		p := task.Named(name)
		if p == nil || !p.Writable || edited[p.Name] {
			continue
		}
		if v, err := p.ParseCell(e.Cells[i], task.Format{}); err == nil {
			wishes = append(wishes, task.Assignment{Property: p, Value: v})
		}
	}
	if !settings.Value.IsNull() {
		wishes = append(wishes, settings)
	}
	return wishes
}
