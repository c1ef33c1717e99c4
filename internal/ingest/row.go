package ingest

import (
	"fmt"
	"slices"
	"strings"

	"taskrecon/internal/base"
	"taskrecon/internal/task"
	"taskrecon/internal/xlsx"
)

// cell is one cell as its file holds it; the zero cell is blank.
type cell struct {
	text   string // raw: a number is not formatted
	kind   xlsx.Kind
	format xlsx.Format // of a number
	// What is seen of the cell beside its text.
	formula, struck bool
}

func (c *cell) blank() bool { return c.kind != xlsx.NoResult && blank(c.text) }

// blank reports whether a text is empty or only white space, no-break spaces among it.
func blank(s string) bool { return strings.TrimSpace(s) == "" }

// record is one row of a file before it is understood.
type record struct {
	row    int
	cells  []cell
	width  int    // with blank cells at its end
	hidden bool   // the sheet does not show it
	ragged string // what is wrong with its length, or ""
}

// builder makes an Input of records, in file order.
type builder struct {
	in          *Input
	loadBase    func() (*base.Base, error)
	base        *base.Base // nil where the sheet has none
	csv         bool
	sepNamed    bool // the user says what separates the cells of a CSV
	notes       bool // a column named note is sent
	ownColumns  []string
	format      task.Format
	date1904    bool // the workbook counts its days from 1904
	headerRow   int  // that the user names, or 0
	hidden      Hidden
	hasHeader   bool
	header      header
	better      int                   // row that looks more like a header than the one read, or 0
	layout      *xlsx.Layout          // nil in CSV
	unseen      []int                 // hidden rows that hold data
	totals      []xlsx.Area           // totals rows of tables
	totaled     []int                 // rows that were left out for that
	struck      []int                 // rows with a cell of the task that is struck through
	elsewhere   []*xlsx.Sheet         // other sheets that have a header
	sheetNamed  bool                  // the user named the one read
	used        [xlsx.MaxColumns]bool // columns that hold data
	based       int                   // rows that have a base
	lost        int                   // rows of a Failures sheet that have one
	edited      int                   // cells of these that differ from it
	baseless    int                   // rows that ask for something and have none, where there is a column for it
	emptied     map[string]int        // by property, cells of these that were made blank
	count       int                   // of cells
	remarks     map[[2]string]*remark
	remarkOrder []*remark
	remarked    int // calls of remark

	columns       *task.Columns
	caches        []valueCache // by column
	cached        int          // cells in all of these
	wholeSettings int          // column of intendedSettings as a whole, or 0
	statusColumn  int          // or 0
	noteColumn    int          // or 0
	pairs         []int        // indexes of the columns of single pairs
}

func newBuilder(in *Input, o Options) *builder {
	in.format, in.written = o.Format, map[*task.Cell]string{}
	b := &builder{
		in: in, sepNamed: o.Delimiter != 0, notes: o.Notes, ownColumns: o.OwnColumns, format: o.Format, headerRow: o.HeaderRow, hidden: o.Hidden,
		loadBase: func() (*base.Base, error) { return base.ReadFile(o.basePath) },
		remarks:  map[[2]string]*remark{}, emptied: map[string]int{},
	}
	in.header = &b.header
	return b
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
		p.Cell = xlsx.Ref(column, row)
	}
	return p
}

// add takes the next record: the header first, then rows. Records without anything in them are
// skipped. An error means that the file is beyond the limits, or not what the user says.
func (b *builder) add(rec record) error {
	rec.width = len(rec.cells)
	for n := len(rec.cells); n > 0 && rec.cells[n-1].blank(); n-- {
		rec.cells = rec.cells[:n-1]
	}
	switch {
	case len(rec.cells) == 0:
		return nil
	case len(rec.cells) > xlsx.MaxColumns:
		return fmt.Errorf("row %d has data in column %s; at most %d columns are read", rec.row, xlsx.ColumnName(len(rec.cells)), xlsx.MaxColumns)
	case !b.hasHeader:
		return b.addHeader(rec)
	}
	return b.addRow(rec)
}

// addHeader takes a record while the header has not been read: it is the header, or above the row that the user names.
func (b *builder) addHeader(rec record) error {
	switch {
	case rec.row < b.headerRow:
		return nil
	case b.headerRow > 0 && rec.row > b.headerRow:
		return b.noHeaderRow()
	}
	return b.readHeader(rec)
}

// addRow takes a record below the header.
func (b *builder) addRow(rec record) error {
	if slices.ContainsFunc(b.totals, func(a xlsx.Area) bool { return a.Has(b.in.IDColumn, rec.row) }) {
		b.totaled = append(b.totaled, rec.row)
		return nil
	}
	from, lost, err := b.baseOf(rec)
	if err != nil {
		return err
	}
	if b.leftOut(rec, from) {
		return nil
	}
	b.lookForHeader(rec)
	if err := b.widen(rec); err != nil {
		return err
	}
	row := b.understand(rec, from)
	for i, c := range rec.cells {
		if c.struck && b.header.at(i).known() {
			b.struck = append(b.struck, rec.row)
			break
		}
	}
	if lost != nil {
		row.Desired.Base = lostBase(&row.Desired, lost)
	}
	if rec.hidden && b.hidden == HiddenStop && (asks(&row.Desired) || len(row.Problems) > 0) {
		b.unseen = append(b.unseen, rec.row)
		return nil
	}
	b.in.Rows = append(b.in.Rows, row)
	if b.header.base > 0 && from == nil && lost == nil && asks(&row.Desired) {
		b.baseless++
	}
	return nil
}

// leftOut notes a hidden row, and reports whether it is not read. Where such rows stop the run, one that has a base is read
// before it is judged: if it asks for nothing, it may be hidden.
func (b *builder) leftOut(rec record, from *task.Base) bool {
	if !rec.hidden || from != nil && b.hidden == HiddenStop {
		return false
	}
	b.unseen = append(b.unseen, rec.row)
	return b.hidden != HiddenInclude
}

// widen gives every cell of a record a column, and counts cells against the limit.
func (b *builder) widen(rec record) error {
	for len(b.in.Columns) < len(rec.cells) {
		b.in.Columns = append(b.in.Columns, "")
	}
	b.columns.Widen(len(b.in.Columns))
	if b.count += len(b.in.Columns); b.count > maxCells {
		return fmt.Errorf("is too big: more than %d cells up to row %d", maxCells, rec.row)
	}
	return nil
}

// understand makes a row of a record.
func (b *builder) understand(rec record, from *task.Base) Row {
	cells := make([]*task.Cell, len(rec.cells))
	row := Row{SameAs: -1, Desired: b.columns.Row(rec.row, cells)}
	row.Desired.Base = from
	if rec.ragged != "" {
		b.report(&row, 0, rec.ragged, true)
	}
	if from == unknownBase {
		row.Desired.Base = nil
		b.report(&row, b.in.IDColumn, `the id is not among those that the sheet was made from; blank the row's cell under "`+base.Name+`" to ask for every value of the row`, true)
	}
	b.widenCaches(len(rec.cells))
	for i := range rec.cells {
		c := &rec.cells[i]
		if row.Desired.Base == nil {
			if c.blank() {
				continue
			}
			if cells[i] = b.caches[i].get(c); cells[i] != nil {
				b.used[i] = true
				continue
			}
		}
		m := b.header.at(i)
		if b.asInBase(row.Desired.Base, m, *c) {
			continue
		}
		b.used[i] = true
		var err error
		if cells[i], err = b.meaning(row.Desired.Base, m, *c, rec.row, i); err != nil {
			b.report(&row, i+1, err.Error(), c.kind != xlsx.Text)
		} else if m.id {
			row.Desired.ID = cells[i].Text
		}
	}
	if at := b.in.IDColumn; at > 0 && (at > len(rec.cells) || rec.cells[at-1].blank()) {
		b.report(&row, at, "the row has no id", false)
	}
	b.dropUnchanged(&row.Desired)
	b.checkSettings(&row)
	b.takeNote(&row, rec)
	return row
}

// takeNote gives the row its note, and refuses one that has no status to go with.
func (b *builder) takeNote(row *Row, rec record) {
	if b.noteColumn == 0 {
		return
	}
	row.Desired.Note = row.Desired.Cell(b.noteColumn - 1)
	if at := b.statusColumn; row.Desired.Note != "" && (at == 0 || at > len(rec.cells) || rec.cells[at-1].blank()) {
		b.report(row, b.noteColumn, "the note goes to the service with a status, and the row sets none; fill in status, blank the note, or say --status-via patch, which sends no note", false)
	}
}

// checkSettings refuses a row that sets intendedSettings both as a whole and by a pair.
func (b *builder) checkSettings(row *Row) {
	if b.wholeSettings == 0 {
		return
	}
	if _, whole := row.Desired.AssignmentIn(b.wholeSettings - 1); !whole {
		return
	}
	for _, at := range b.pairs {
		if w, ok := row.Desired.AssignmentIn(at); ok {
			b.report(row, at+1, fmt.Sprintf("the row sets intendedSettings as a whole and intendedSettings.%s; leave one of them blank", w.Pair), false)
			return
		}
	}
}

// asks reports whether a row wishes for anything.
func asks(d *task.Desired) bool {
	for range d.Assignments() {
		return true
	}
	return false
}

func (b *builder) widenCaches(columns int) {
	for len(b.caches) < columns {
		b.caches = append(b.caches, valueCache{})
	}
}

// report adds a problem of the cell in a column counted from 1, or of the row for column 0.
func (b *builder) report(row *Row, column int, message string, unseen bool) {
	p := b.problem(row.Desired.Origin().Row, column, message)
	p.Unseen = unseen
	row.Problems = append(row.Problems, p)
}

// meaning is what the cell at index i of a row holds. It has its text with an error too.
func (b *builder) meaning(from *task.Base, m match, c cell, row, i int) (*task.Cell, error) {
	if b.csv {
		c.text = strings.Clone(c.text) // the record's memory goes
	}
	meant := new(task.Cell)
	remarked := b.remarked
	text, v, err := b.read(from, m, c, row, i+1)
	if meant.Text = text; err != nil {
		return meant, err
	}
	*meant = task.Cell{Text: b.asInstant(m, text, v), Value: v, Asks: m.wishes()}
	if meant.Text != text {
		b.in.written[meant] = text
	}
	if from == nil && !m.id && b.remarked == remarked && b.cached < mostCached {
		b.cached += b.caches[i].put(c, meant)
	}
	return meant, nil
}

// read understands a cell that is not blank in a column counted from 1. The text holds with an error too.
func (b *builder) read(from *task.Base, m match, c cell, row, column int) (string, task.Value, error) {
	if b.csv && from != nil && m.property != nil {
		c.text = base.Unguard(m.property, c.text)
	}
	text, err := b.cellText(c, m, row, column)
	if m.base {
		text = "" // the base does not go where the row goes
	}
	if err == nil && m.property == task.Note {
		_, err = m.property.ParseCell(text, b.format)
	}
	if err != nil || !m.wishes() {
		return text, task.Null, err
	}
	if err := b.whole(from, m, text); err != nil {
		return text, task.Null, err
	}
	if m.pair != "" {
		wish, err := task.ParsePair(m.pair, text)
		return text, wish.Value, err
	}
	v, err := m.property.ParseCell(text, b.format)
	return text, v, err
}
