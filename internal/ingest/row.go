package ingest

import (
	"bytes"
	"fmt"
	"slices"
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
	remarked    int // calls of remark

	texts    texts
	cellSlab slab[string]
	wishSlab slab[task.Wish]
	wishes   rowWishes // of the row at hand
	memos    []memo    // by column
	known    int       // meanings in all memos
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
	if !b.header.hasID || b.header.base > 0 {
		rec.spell()
	}
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
	if len(b.in.Rows) == cap(b.in.Rows) {
		b.makeRoom(rec.share)
	}
	b.in.Rows = append(b.in.Rows, row)
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

func (b *builder) understand(rec record, from *task.Base) Row {
	row := Row{SameAs: -1}
	row.Desired.Origin = task.Origin{File: b.in.File, Sheet: b.in.Sheet, Row: rec.row}
	row.Desired.Base = from
	row.Desired.Cells = b.cellSlab.take(len(b.in.Columns))
	if rec.ragged != "" {
		b.report(&row, 0, rec.ragged, true)
	}
	if from == unknownBase {
		row.Desired.Base = nil
		b.report(&row, b.header.id, `the id is not among those that the sheet was made from; blank the row's cell under "`+baseName+`" to ask for every value of the row`, true)
	}
	w := &b.wishes
	w.reset()
	b.remember(len(rec.cells))
	for i := range rec.cells {
		if row.Desired.Base == nil && b.easy(&row, &rec.cells[i], i) {
			continue
		}
		c := rec.cells[i]
		m := b.header.at(i)
		if b.asInBase(row.Desired.Base, m, c) {
			continue
		}
		b.used[i] = true
		got, err := b.meaning(row.Desired.Base, m, c, rec.row, i)
		row.Desired.Cells[i] = got.text
		switch {
		case err != nil:
			b.report(&row, i+1, err.Error(), c.kind != cellText)
		case m.id:
			row.Desired.ID = got.text
		case got.wish:
			w.add(&m, got.value, i+1)
		}
	}
	if at := b.header.id; at > 0 && (at > len(rec.cells) || rec.cells[at-1].blank()) {
		b.report(&row, at, "the row has no id", false)
	}
	b.dropUnchanged(&row.Desired, w)
	if w.set[task.IntendedSettings.Index()] && len(w.pairs) > 0 {
		b.report(&row, w.pairColumn, fmt.Sprintf("the row sets intendedSettings as a whole and intendedSettings.%s; leave one of them blank", w.pairs[0].Pair), false)
	}
	row.Desired.Wishes = w.all(&b.wishSlab)
	return row
}

// easy takes a cell of a row without a base that is blank, or of which the column remembers what it says.
func (b *builder) easy(row *Row, c *cell, i int) bool {
	if c.blank() {
		return true
	}
	got := b.memos[i].recall(c)
	if got == nil {
		return false
	}
	b.used[i], row.Desired.Cells[i] = true, got.text
	if got.wish {
		b.wishes.add(&b.header.columns[i], got.value, i+1)
	}
	return true
}

// report adds a problem of the cell in a column counted from 1, or of the row for column 0.
func (b *builder) report(row *Row, column int, message string, untold bool) {
	p := b.problem(row.Desired.Origin.Row, column, message)
	p.untold = untold
	row.Problems = append(row.Problems, p)
}

// remember makes a memo for each of so many columns. Ids do not repeat.
func (b *builder) remember(columns int) {
	for i := len(b.memos); i < columns; i++ {
		b.memos = append(b.memos, memo{off: b.header.at(i).id})
	}
}

// meaning is what the cell at index i of a row says, if its column does not remember that.
func (b *builder) meaning(from *task.Base, m match, c cell, row, i int) (meaning, error) {
	switch {
	case c.raw != nil:
		c.text, c.raw = b.texts.keepBytes(c.raw), nil
	case !c.kept:
		c.text = b.texts.keep(c.text)
	}
	remarked := b.remarked
	got, err := b.read(from, m, c, row, i+1)
	if err == nil && from == nil && b.remarked == remarked {
		b.known += b.memos[i].remember(c, got, b.known < mostMeanings)
	}
	return got, err
}

// read understands a cell that is not blank in a column counted from 1. The meaning's text holds with an error too.
func (b *builder) read(from *task.Base, m match, c cell, row, column int) (meaning, error) {
	if b.csv && from != nil && m.property != nil && guarded(m.property) {
		c.text = unguard(c.text)
	}
	text, err := b.cellText(c, m, row, column)
	got := meaning{text: text}
	if m.base {
		got.text = "" // the base does not go where the row goes
	}
	if err != nil || m.property == nil || !m.property.Writable {
		return got, err
	}
	if err := b.whole(from, m, text); err != nil {
		return got, err
	}
	if got.wish = true; m.pair != "" {
		wish, err := task.ParsePair(m.pair, text)
		got.value = wish.Value
		return got, err
	}
	got.value, err = m.property.ParseCell(text, b.format)
	return got, err
}

// rowWishes gathers the wishes of a row.
type rowWishes struct {
	whole      [task.Count]task.Value
	set        [task.Count]bool
	pairs      []task.Wish
	pairColumn int // of the first pair
}

func (w *rowWishes) reset() {
	w.set, w.pairs, w.pairColumn = [task.Count]bool{}, w.pairs[:0], 0
}

func (w *rowWishes) add(m *match, v task.Value, column int) {
	if m.pair == "" {
		w.whole[m.property.Index()], w.set[m.property.Index()] = v, true
		return
	}
	if w.pairs = append(w.pairs, task.Wish{Property: m.property, Value: v, Pair: m.pair}); len(w.pairs) == 1 {
		w.pairColumn = column
	}
}

// all is the wishes in table order, those for single pairs where intendedSettings stands; nil if there are none.
func (w *rowWishes) all(from *slab[task.Wish]) []task.Wish {
	n := len(w.pairs)
	for _, set := range w.set {
		if set {
			n++
		}
	}
	if n == 0 {
		return nil
	}
	all := from.take(n)[:0]
	for i, p := range properties {
		if w.set[i] {
			all = append(all, task.Wish{Property: p, Value: w.whole[i]})
		}
		if p == task.IntendedSettings {
			all = append(all, w.pairs...)
		}
	}
	return all
}

var properties = task.All()
