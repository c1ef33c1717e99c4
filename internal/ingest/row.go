package ingest

import (
	"fmt"
	"strings"
	"unicode"

	"taskrecon/internal/task"
)

// cellKind is what a cell is in the file. In CSV every cell is text.
type cellKind uint8

const (
	cellText cellKind = iota
	cellNumber
	cellBool
	cellError     // #N/A and its like
	cellNoFormula // a formula of which the file does not hold the result
)

// cell is one cell as its file holds it; the zero cell is blank.
type cell struct {
	text   string // raw: a number is not formatted
	kind   cellKind
	format numberFormat // of a number
}

func (c cell) blank() bool { return c.kind != cellNoFormula && blank(c.text) }

// blank reports whether a text is empty or only white space, no-break spaces among it.
func blank(s string) bool { return strings.TrimFunc(s, unicode.IsSpace) == "" }

// record is one row of a file before it is understood.
type record struct {
	row    int
	cells  []cell
	hidden bool   // the sheet does not show it
	ragged string // what is wrong with its length, or ""
}

// builder makes an Input of records, in file order.
type builder struct {
	in          *Input
	loadBase    func() (*base, error)
	base        *base // nil where the sheet has none
	csv         bool
	format      task.Format
	date1904    bool // the workbook counts its days from 1904
	headerRow   int  // that the user names, or 0
	hidden      Hidden
	hasHeader   bool
	header      header
	better      int // row that looks more like a header than the one read, or 0
	layout      layout
	unseen      []int            // hidden rows that hold data
	used        [MaxColumns]bool // columns that hold data
	based       int              // rows that have a base
	edited      int              // cells of these that differ from it
	emptied     map[string]int   // by property, cells of these that were made blank
	cells       int
	remarks     map[[2]string]*remark
	remarkOrder []*remark
}

func newBuilder(in *Input, o Options) *builder {
	in.format = o.Format
	return &builder{
		in: in, format: o.Format, headerRow: o.HeaderRow, hidden: o.Hidden,
		loadBase: func() (*base, error) { return readBaseFile(o.basePath) },
		remarks:  map[[2]string]*remark{}, emptied: map[string]int{},
	}
}

func (b *builder) notice(text string) { b.in.Notices = append(b.in.Notices, text) }

// problem makes a problem of the cell in a column counted from 1, or of the row for column 0.
func (b *builder) problem(row, column int, message string) Problem {
	p := Problem{File: b.in.File, Sheet: b.in.Sheet, Row: row, Column: column, Message: message}
	switch {
	case column == 0:
	case b.in.Sheet == "":
		p.Cell = fmt.Sprintf("line %d, column %d", row, column)
	default:
		p.Cell = fmt.Sprintf("%s%d", columnName(column), row)
	}
	return p
}

// add takes the next record: the header first, then rows. Records without anything in them are
// skipped. An error means that the file is beyond the limits, or not what the user says.
func (b *builder) add(rec record) error {
	for n := len(rec.cells); n > 0 && rec.cells[n-1].blank(); n-- {
		rec.cells = rec.cells[:n-1]
	}
	if len(rec.cells) == 0 {
		return nil
	}
	if len(rec.cells) > MaxColumns {
		return fmt.Errorf("row %d has data in column %s; at most %d columns are read", rec.row, columnName(len(rec.cells)), MaxColumns)
	}
	if !b.hasHeader {
		if b.headerRow > 0 && rec.row > b.headerRow {
			return b.noHeaderRow()
		}
		if rec.row >= b.headerRow {
			return b.readHeader(rec)
		}
		return nil
	}
	from, err := b.baseOf(rec)
	if err != nil {
		return err
	}
	if rec.hidden && (from == nil || b.hidden != HiddenStop) {
		if b.unseen = append(b.unseen, rec.row); b.hidden != HiddenInclude {
			return nil
		}
	}
	b.lookForHeader(rec)
	for len(b.in.Columns) < len(rec.cells) {
		b.in.Columns = append(b.in.Columns, "")
	}
	if b.cells += len(b.in.Columns); b.cells > MaxCells {
		return fmt.Errorf("is too big: more than %d cells up to row %d", MaxCells, rec.row)
	}
	row := b.understand(rec, from)
	if rec.hidden && from != nil && b.hidden == HiddenStop && (len(row.Desired.Wishes) > 0 || len(row.Problems) > 0) {
		b.unseen = append(b.unseen, rec.row) // one that asks for nothing may be hidden
		return nil
	}
	b.in.Rows = append(b.in.Rows, row)
	return nil
}

func (b *builder) understand(rec record, from *task.Base) Row {
	row := Row{SameAs: -1}
	row.Desired.Origin = task.Origin{File: b.in.File, Sheet: b.in.Sheet, Row: rec.row}
	row.Desired.Base = from
	row.Desired.Cells = make([]string, len(b.in.Columns))
	report := func(column int, message string, untold bool) {
		p := b.problem(rec.row, column, message)
		p.untold = untold
		row.Problems = append(row.Problems, p)
	}
	if rec.ragged != "" {
		report(0, rec.ragged, true)
	}
	if from == unknownBase {
		row.Desired.Base = nil
		report(b.header.id, `the id is not among those that the sheet was made from; blank the row's cell under "`+baseName+`" to ask for every value of the row`, true)
	}
	w := rowWishes{}
	for i, c := range rec.cells {
		m := b.header.at(i)
		if b.asInBase(row.Desired.Base, m, c) {
			continue
		}
		b.used[i] = true
		if b.csv && row.Desired.Base != nil && m.property != nil && guarded(m.property) {
			c.text = unguard(c.text)
		}
		text, err := b.cellText(c, m, rec.row, i+1)
		if row.Desired.Cells[i] = text; m.base {
			row.Desired.Cells[i] = "" // the base does not go where the row goes
		}
		switch {
		case err != nil:
		case m.id:
			row.Desired.ID = text
		case m.property != nil && m.property.Writable:
			if err = b.whole(row.Desired.Base, m, text); err == nil {
				err = w.add(text, m, i+1, b.format)
			}
		}
		if err != nil {
			report(i+1, err.Error(), c.kind != cellText)
		}
	}
	if at := b.header.id; at > 0 && (at > len(rec.cells) || rec.cells[at-1].blank()) {
		report(at, "the row has no id", false)
	}
	b.dropUnchanged(&row.Desired, &w)
	if w.whole[task.IntendedSettings.Index()] != nil && len(w.pairs) > 0 {
		report(w.pairColumn, fmt.Sprintf("the row sets intendedSettings as a whole and intendedSettings.%s; leave one of them blank", w.pairs[0].Pair), false)
	}
	row.Desired.Wishes = w.all()
	return row
}

// rowWishes gathers the wishes of a row.
type rowWishes struct {
	whole      [task.Count]*task.Wish
	pairs      []task.Wish
	pairColumn int // of the first pair
}

func (w *rowWishes) add(text string, m match, column int, f task.Format) error {
	if m.pair != "" {
		wish, err := task.ParsePair(m.pair, text)
		if err != nil {
			return err
		}
		if w.pairs = append(w.pairs, wish); len(w.pairs) == 1 {
			w.pairColumn = column
		}
		return nil
	}
	v, err := m.property.ParseCell(text, f)
	if err == nil {
		w.whole[m.property.Index()] = &task.Wish{Property: m.property, Value: v}
	}
	return err
}

// all is the wishes in table order, those for single pairs where intendedSettings stands.
func (w *rowWishes) all() []task.Wish {
	var all []task.Wish
	for i, wish := range w.whole {
		if wish != nil {
			all = append(all, *wish)
		}
		if i == task.IntendedSettings.Index() {
			all = append(all, w.pairs...)
		}
	}
	return all
}
