package export

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/base"
	"taskrecon/internal/ingest"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
)

// Check says why Write would not or could not write to path: it takes .xlsx and .csv, and replaces a file, or the
// base beside a .csv, only where that is asked for.
func Check(path string, overwrite bool) error {
	paths := []string{path}
	switch strings.ToLower(filepath.Ext(path)) {
	case ".xlsx":
	case ".csv":
		paths = append(paths, base.Path(path))
	default:
		return fmt.Errorf("%s is neither an .xlsx nor a .csv", path)
	}
	for _, p := range paths {
		if err := checkFile(p, overwrite); err != nil {
			return err
		}
	}
	return nil
}

// checkFile says why no file can be written to path, or must not.
func checkFile(path string, overwrite bool) error {
	err := atomicfile.Check(path, overwrite)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w; name another, or say --overwrite", err)
	}
	return err
}

// Write writes rows as a sheet that is made for editing, an .xlsx or a .csv by the extension of path, and
// returns the paths written, its own first. An .xlsx holds its base itself; the base of a .csv is a file beside it, which lands
// first. Files land whole or not at all: after an error that returns no paths, nothing has been written.
//
// A wish without a column, or that no cell can ask for, is an error. Source.Zone may be left empty; it is the name of Zone.
func Write(path string, rows []Row, o Options) (files []string, err error) {
	if err := Check(path, o.Overwrite); err != nil {
		return nil, err
	}
	w := &sheetWriter{rows: rows, options: o, csv: strings.EqualFold(filepath.Ext(path), ".csv")}
	if !w.csv && !o.Template && len(rows) > maxRows-1 {
		return nil, fmt.Errorf("%d tasks are more than the %d rows that an .xlsx holds below its header; write a .csv", len(rows), maxRows-1)
	}
	if err := w.plan(); err != nil {
		return nil, err
	}
	if !w.csv {
		return w.writeXLSX(path)
	}
	return w.writeCSV(path)
}

// sheetColumn is a column of a sheet made for editing. One without a property is the id or the base.
type sheetColumn struct {
	header   string
	property *task.Property
	current  bool // shows the base's value, beside the property's own column
	base     bool
	kind     bool // shows the task's kind
}

// open reports whether people are to edit the column.
func (c sheetColumn) open() bool { return c.property != nil && c.property.Writable && !c.current }

// shownCell is what a row shows in a column.
type shownCell struct {
	text  string
	value task.Value // of a property
	wish  bool
}

// sheetWriter writes one sheet made for editing.
type sheetWriter struct {
	rows    []Row
	options Options
	csv     bool
	zone    *time.Location
	columns []sheetColumn
	baseID  string
	lines   []string // of the base
	cells   []shownCell
}

// plan lays out the columns and makes the base.
func (w *sheetWriter) plan() (err error) {
	if err := w.planZone(); err != nil {
		return err
	}
	o := w.options
	for _, p := range o.Shown {
		if !slices.Contains(o.Columns, p) {
			return fmt.Errorf("%s is to be shown for comparison, but is no column of the sheet", p.Name)
		}
	}
	prefix := ingest.ShownPrefix
	if o.Source.Undoes != "" {
		prefix = ingest.LeftPrefix
	}
	w.columns = []sheetColumn{{header: task.IDName}}
	for i, p := range o.Columns {
		if slices.Contains(o.Columns[:i], p) {
			return fmt.Errorf("%s is named twice; a sheet has one column for it", p.Name)
		}
		if slices.Contains(o.Shown, p) {
			w.columns = append(w.columns, sheetColumn{header: prefix + p.Name, property: p, current: true})
		}
		w.columns = append(w.columns, sheetColumn{header: p.Name, property: p})
	}
	if o.Template {
		w.rows = nil
		return nil
	}
	if slices.ContainsFunc(w.rows, func(r Row) bool { return r.Kind != nil }) {
		w.columns = append(w.columns, sheetColumn{header: ingest.KindName, kind: true})
	}
	if slices.ContainsFunc(w.rows, func(r Row) bool { return r.Note != "" }) {
		w.columns = append(w.columns, sheetColumn{header: task.Note.Name, property: task.Note})
	}
	w.columns = append(w.columns, sheetColumn{header: base.Name, base: true})
	w.cells = make([]shownCell, len(w.columns))
	all := make([]base.Row, len(w.rows))
	for i, r := range w.rows {
		all[i].Base = r.Base
	}
	from := w.options.Source
	for _, c := range w.columns {
		from.Columns = append(from.Columns, c.header)
	}
	w.baseID, w.lines, err = base.Encode(all, from)
	return err
}

// planZone refuses a zone under which the sheet would be read as other instants, on this machine or another.
func (w *sheetWriter) planZone() error {
	w.zone = cmp.Or(w.options.Zone, time.UTC)
	name := w.zone.String()
	if _, err := time.LoadLocation(name); err != nil || name == time.Local.String() && w.zone == time.Local {
		return fmt.Errorf("the time zone %q is no name that another machine knows; name one such as Europe/Berlin", name)
	}
	source := &w.options.Source
	if source.Zone = cmp.Or(source.Zone, name); source.Zone != name {
		return fmt.Errorf("dates are to be shown in the time zone %q, but the base says %q", name, source.Zone)
	}
	return nil
}

// show returns the cells of a row. They are overwritten by the next call.
func (w *sheetWriter) show(row Row) ([]shownCell, error) {
	wishes, err := w.wishes(row)
	if err != nil {
		return nil, err
	}
	for i, c := range w.columns {
		cell := shownCell{}
		switch p := c.property; {
		case c.base:
			cell.text = w.baseID
		case c.kind:
			if row.Kind != nil {
				cell.text = row.Kind.Name
			}
		case p == nil:
			cell.text = row.Base.ID
		case p == task.Note:
			if row.Note != "" {
				cell, err = w.wish(row.Base.ID, p, task.Text(row.Note), nil)
			}
		case !c.current && wishes[p.Index()] != nil:
			var held *task.Value
			if v, known := row.Base.Get(p); known {
				held = &v
			}
			cell, err = w.wish(row.Base.ID, p, *wishes[p.Index()], held)
		default:
			cell.value, _ = row.Base.Get(p)
			cell.text, _ = base.Show(p, cell.value, w.csv)
		}
		if err != nil {
			return nil, err
		}
		w.cells[i] = cell
	}
	return w.cells, nil
}

// wish is the cell that asks for a value where the base holds another, or knows none (nil).
func (w *sheetWriter) wish(id string, p *task.Property, wanted task.Value, held *task.Value) (shownCell, error) {
	shown, why := wishText(p, wanted, held, w.csv)
	if why != "" {
		return shownCell{}, fmt.Errorf("task %s: %s: no cell can ask for %q: %s", id, p.Name, text.Clip(wanted.String(), 80), why)
	}
	return shownCell{text: shown, value: wanted, wish: true}, nil
}

// wishes sorts the wishes of a row by property, and refuses what would get lost.
func (w *sheetWriter) wishes(row Row) (by [task.Count]*task.Value, err error) {
	id := row.Base.ID
	if blank(id) || len(id) > base.MaxCellText || strings.ContainsFunc(id, base.Unwritable) {
		return by, fmt.Errorf("task %q: no sheet can hold this id", text.Clip(id, 80))
	}
	for i := range row.Assignments {
		wish := &row.Assignments[i]
		switch p := wish.Property; {
		case wish.Pair != "":
			return by, fmt.Errorf("task %s: %s.%s: the sheet has no columns for single settings", id, p.Name, wish.Pair)
		case !slices.Contains(w.options.Columns, p):
			return by, fmt.Errorf("task %s: %s is asked for, but is no column of the sheet; add it", id, p.Name)
		default:
			by[p.Index()] = &wish.Value
		}
	}
	return by, nil
}
