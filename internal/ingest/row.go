package ingest

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"taskrecon/internal/base"
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
	kept   bool         // text may be kept as it is; else its memory is that of a row, and it is copied
	raw    []byte       // if not nil, stands for text until that is needed
}

func (c *cell) blank() bool {
	if c.raw != nil {
		return blankBytes(c.raw)
	}
	return c.kind != cellNoFormula && blank(c.text)
}

func blankBytes(s []byte) bool {
	if len(s) > 0 && s[0] > ' ' && s[0] < 0x7f {
		return false
	}
	return len(bytes.TrimFunc(s, unicode.IsSpace)) == 0
}

// blank reports whether a text is empty or only white space, no-break spaces among it.
func blank(s string) bool {
	if s != "" && s[0] > ' ' && s[0] < 0x7f {
		return false
	}
	return strings.TrimFunc(s, unicode.IsSpace) == ""
}

// record is one row of a file before it is understood.
type record struct {
	row    int
	cells  []cell
	hidden bool    // the sheet does not show it
	ragged string  // what is wrong with its length, or ""
	share  float64 // of the file's text that has been read with it; 0 where that is not known
}

// spell puts texts in the place of raw cells.
func (r *record) spell() {
	for i, c := range r.cells {
		if c.raw != nil {
			r.cells[i] = cell{text: string(c.raw)}
		}
	}
}

// builder makes an Input of records, in file order.
type builder struct {
	in          *Input
	loadBase    func() (*base.Base, error)
	base        *base.Base // nil where the sheet has none
	csv         bool
	notes       bool // a column named note is sent
	format      task.Format
	date1904    bool // the workbook counts its days from 1904
	headerRow   int  // that the user names, or 0
	hidden      Hidden
	hasHeader   bool
	header      header
	better      int // row that looks more like a header than the one read, or 0
	layout      layout
	unseen      []int            // hidden rows that hold data
	used        [maxColumns]bool // columns that hold data
	based       int              // rows that have a base
	lost        int              // rows of a Failures sheet that have one
	edited      int              // cells of these that differ from it
	baseless    int              // rows that ask for something and have none, where there is a column for it
	emptied     map[string]int   // by property, cells of these that were made blank
	cells       int
	remarks     map[[2]string]*remark
	remarkOrder []*remark
	remarked    int // calls of remark

	sheet         *task.Sheet
	texts         texts
	refs          slab[task.Ref]
	memos         []memo // by column
	known         int    // meanings in all memos
	wholeSettings int    // column of intendedSettings as a whole, or 0
	pairs         []int  // indexes of the columns of single pairs
}

func newBuilder(in *Input, o Options) *builder {
	in.format = o.Format
	return &builder{
		in: in, notes: o.Notes, format: o.Format, headerRow: o.HeaderRow, hidden: o.Hidden,
		loadBase: func() (*base.Base, error) { return base.ReadFile(o.basePath) },
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
	if !b.header.hasID || b.header.base > 0 {
		rec.spell()
	}
	for n := len(rec.cells); n > 0 && rec.cells[n-1].blank(); n-- {
		rec.cells = rec.cells[:n-1]
	}
	switch {
	case len(rec.cells) == 0:
		return nil
	case len(rec.cells) > maxColumns:
		return fmt.Errorf("row %d has data in column %s; at most %d columns are read", rec.row, columnName(len(rec.cells)), maxColumns)
	case !b.hasHeader:
		return b.addHeader(rec)
	}
	return b.addRow(rec)
}

// addHeader takes a record while the header has not been read: it is the header, or stands above the row that the user names.
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
	cells := b.refs.take(len(rec.cells))
	row := b.understand(rec, cells, from)
	if lost != nil {
		row.Desired.Base = lostBase(&row.Desired, lost)
	}
	if rec.hidden && b.hidden == HiddenStop && (asks(&row.Desired) || len(row.Problems) > 0) {
		b.unseen = append(b.unseen, rec.row)
		return nil
	}
	if len(b.in.Rows) == cap(b.in.Rows) {
		b.makeRoom(rec.share)
	}
	b.in.written.row(len(b.in.Rows), cells)
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
	b.sheet.Widen(len(b.in.Columns))
	if b.cells += len(b.in.Columns); b.cells > maxCells {
		return fmt.Errorf("is too big: more than %d cells up to row %d", maxCells, rec.row)
	}
	return nil
}

// makeRoom lets the rows grow to what the rest of the file will take if it is like what was read: rows
// that are moved again and again cost time, and twice their memory.
func (b *builder) makeRoom(share float64) {
	n := len(b.in.Rows)
	if n < 512 || share <= 0 || share > 1 {
		return
	}
	const most = 8 // times, since the rest need not be like what was read
	wanted := min(float64(n)/share*1.01+16, float64(n)*most)
	b.in.Rows = slices.Grow(b.in.Rows, int(wanted)-n)
}

// understand makes a row of a record; cells has a place for each of its cells.
func (b *builder) understand(rec record, cells []task.Ref, from *task.Base) Row {
	row := Row{SameAs: -1, Desired: b.sheet.Row(rec.row, "", cells)}
	row.Desired.Base = from
	if rec.ragged != "" {
		b.report(&row, 0, rec.ragged, true)
	}
	if from == unknownBase {
		row.Desired.Base = nil
		b.report(&row, b.header.id, `the id is not among those that the sheet was made from; blank the row's cell under "`+base.Name+`" to ask for every value of the row`, true)
	}
	b.remember(len(rec.cells))
	for i := range rec.cells {
		if row.Desired.Base == nil && b.easy(&cells[i], &rec.cells[i], i) {
			continue
		}
		c := rec.cells[i]
		m := b.header.at(i)
		if b.asInBase(row.Desired.Base, m, c) {
			continue
		}
		b.used[i] = true
		text, err := "", error(nil)
		cells[i], text, err = b.meaning(row.Desired.Base, m, c, rec.row, i)
		switch {
		case err != nil:
			b.report(&row, i+1, err.Error(), c.kind != cellText)
		case m.id:
			row.Desired.ID = text
		}
	}
	if at := b.header.id; at > 0 && (at > len(rec.cells) || rec.cells[at-1].blank()) {
		b.report(&row, at, "the row has no id", false)
	}
	b.dropUnchanged(&row.Desired)
	b.checkSettings(&row)
	return row
}

// checkSettings refuses a row that sets intendedSettings both as a whole and by a pair.
func (b *builder) checkSettings(row *Row) {
	if b.wholeSettings == 0 {
		return
	}
	if _, whole := row.Desired.WishIn(b.wholeSettings - 1); !whole {
		return
	}
	for _, at := range b.pairs {
		if w, ok := row.Desired.WishIn(at); ok {
			b.report(row, at+1, fmt.Sprintf("the row sets intendedSettings as a whole and intendedSettings.%s; leave one of them blank", w.Pair), false)
			return
		}
	}
}

// asks reports whether a row wishes for anything.
func asks(d *task.Desired) bool {
	for range d.Wishes() {
		return true
	}
	return false
}

// easy takes a cell of a row without a base that is blank, or of which the column remembers what it says.
func (b *builder) easy(into *task.Ref, c *cell, i int) bool {
	if c.blank() {
		return true
	}
	r, known := b.memos[i].recall(c)
	if known {
		b.used[i], *into = true, r
	}
	return known
}

// report adds a problem of the cell in a column counted from 1, or of the row for column 0.
func (b *builder) report(row *Row, column int, message string, untold bool) {
	p := b.problem(row.Desired.Origin().Row, column, message)
	p.untold = untold
	row.Problems = append(row.Problems, p)
}

// remember makes a memo for each of so many columns. Ids do not repeat.
func (b *builder) remember(columns int) {
	for i := len(b.memos); i < columns; i++ {
		b.memos = append(b.memos, memo{sheet: b.sheet, at: i, off: b.header.at(i).id})
	}
}

// meaning keeps what the cell at index i of a row says, if its column does not remember that. The text holds with an error too.
func (b *builder) meaning(from *task.Base, m match, c cell, row, i int) (r task.Ref, text string, err error) {
	switch {
	case c.raw != nil:
		c.text, c.raw = b.texts.keepBytes(c.raw), nil
	case !c.kept:
		c.text = b.texts.keep(c.text)
	}
	remarked := b.remarked
	text, v, err := b.read(from, m, c, row, i+1)
	if err != nil {
		return b.sheet.KeepSilent(i, text), text, err
	}
	kept := b.asInstant(m, text, v)
	r = b.sheet.Keep(i, kept, v)
	if kept != text {
		b.in.written.note(i, r, text)
	}
	if from == nil && b.remarked == remarked {
		b.known += b.memos[i].remember(c, r, b.known < mostMeanings)
	}
	return r, text, nil
}

// read understands a cell that is not blank in a column counted from 1. The text holds with an error too.
func (b *builder) read(from *task.Base, m match, c cell, row, column int) (string, task.Value, error) {
	if b.csv && from != nil && m.property != nil && guarded(m.property) {
		c.text = unguard(c.text)
	}
	text, err := b.cellText(c, m, row, column)
	if m.base {
		text = "" // the base does not go where the row goes
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
