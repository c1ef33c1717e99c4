package ingest

import (
	"errors"
	"fmt"
	"regexp"
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
	ragged string // what is wrong with its length, or ""
}

// builder makes an Input of records, in file order.
type builder struct {
	in        *Input
	format    task.Format
	date1904  bool // the workbook counts its days from 1904
	hasHeader bool
	header    header
	used      [MaxColumns]bool // columns that hold data
	cells     int
}

func newBuilder(in *Input, o Options) *builder {
	return &builder{in: in, format: o.Format}
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
// skipped. An error means that the file is beyond the limits.
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
		b.readHeader(rec)
		return nil
	}
	for len(b.in.Columns) < len(rec.cells) {
		b.in.Columns = append(b.in.Columns, "")
	}
	if b.cells += len(b.in.Columns); b.cells > MaxCells {
		return fmt.Errorf("is too big: more than %d cells up to row %d", MaxCells, rec.row)
	}
	b.in.Rows = append(b.in.Rows, b.understand(rec))
	return nil
}

func (b *builder) understand(rec record) Row {
	row := Row{SameAs: -1}
	row.Desired.Origin = task.Origin{File: b.in.File, Sheet: b.in.Sheet, Row: rec.row}
	row.Desired.Cells = make([]string, len(b.in.Columns))
	report := func(column int, message string) {
		row.Problems = append(row.Problems, b.problem(rec.row, column, message))
	}
	if rec.ragged != "" {
		report(0, rec.ragged)
	}
	var wishes [task.Count]*task.Wish
	idColumn := 0
	for i, c := range rec.cells {
		m := b.header.at(i)
		if m.id {
			idColumn = i + 1
		}
		if c.blank() {
			continue
		}
		b.used[i] = true
		text, err := b.cellText(c, m)
		row.Desired.Cells[i] = text
		switch {
		case err != nil:
			report(i+1, err.Error())
		case m.id:
			row.Desired.ID = text
		case m.property != nil && m.property.Writable:
			v, err := m.property.ParseCell(text, b.format)
			if err != nil {
				report(i+1, err.Error())
				break
			}
			wishes[m.property.Index()] = &task.Wish{Property: m.property, Value: v}
		}
	}
	if b.header.hasID && (idColumn == 0 || rec.cells[idColumn-1].blank()) {
		report(b.idColumn(), "the row has no id")
	}
	for _, w := range wishes {
		if w != nil {
			row.Desired.Wishes = append(row.Desired.Wishes, *w)
		}
	}
	return row
}

func (b *builder) idColumn() int {
	for i, m := range b.header.columns {
		if m.id {
			return i + 1
		}
	}
	return 0
}

// finish completes the input when the last record has been added.
func (b *builder) finish() error {
	if !b.hasHeader {
		if b.in.Sheet != "" {
			return fmt.Errorf("has nothing in sheet %q: no header and no rows", b.in.Sheet)
		}
		return errors.New("has nothing in it: no header and no rows")
	}
	for i := range b.in.Rows {
		d := &b.in.Rows[i].Desired
		for len(d.Cells) < len(b.in.Columns) {
			d.Cells = append(d.Cells, "")
		}
	}
	if b.header.hasID { // else every column has been named in the problem
		b.noticeOwnColumns()
	}
	b.markDuplicates()
	for i := range b.in.Rows {
		b.in.Problems = append(b.in.Problems, b.in.Rows[i].Problems...)
	}
	if len(b.in.Rows) == 0 {
		b.notice("the file has a header and no rows")
	}
	return nil
}

// cellText gives a cell that is not blank as text that the input accepts again, and says what keeps
// it from being understood in its column.
func (b *builder) cellText(c cell, m match) (string, error) {
	if len(c.text) > MaxCellSize {
		return "", fmt.Errorf("the cell holds %d bytes; at most %d are read", len(c.text), MaxCellSize)
	}
	switch {
	case m.id:
		id := strings.TrimFunc(c.text, unicode.IsSpace)
		if c.kind == cellNumber {
			return id, fmt.Errorf("the id %q is a number cell, and a spreadsheet rounds numbers; enter it as text", clip(id))
		}
		if err := notValue(c, task.IDName); err != nil {
			return id, err
		}
		return id, checkID(id)
	case m.property == nil || !m.property.Writable:
		return b.ownText(c), nil
	case c.kind == cellNumber:
		return b.numberText(c, m.property)
	}
	if err := notValue(c, m.property.Name); err != nil {
		return c.text, err
	}
	return c.text, checkText(c.text, m.property)
}

// ownText is a cell of the user's own column: whatever it holds, a date in a form that reads again.
func (b *builder) ownText(c cell) string {
	switch {
	case c.kind == cellBool && c.text == "1":
		return "TRUE"
	case c.kind == cellBool:
		return "FALSE"
	case c.kind == cellNumber && c.format == formatDate:
		if t, err := serialTime(c.text, b.date1904); err == nil {
			return localText(t)
		}
	}
	return c.text
}

// numberText is a number cell in the column of a property.
func (b *builder) numberText(c cell, p *task.Property) (string, error) {
	switch {
	case p.Kind == task.DateTime && c.format == formatDate:
		local, err := serialTime(c.text, b.date1904)
		if err != nil {
			return c.text, fmt.Errorf("%s %w", p.Name, err)
		}
		t, err := b.format.InZone(local)
		if err != nil {
			return localText(local), fmt.Errorf("%s %w", p.Name, err)
		}
		return task.FormatTime(t), nil
	case p.Kind == task.DateTime:
		return c.text, fmt.Errorf("%s %q is a number, not a date cell; format the cell as a date or write 2006-01-02", p.Name, clip(c.text))
	case c.format == formatDate:
		return b.ownText(c), fmt.Errorf("%s is a date cell; enter it as text", p.Name)
	case p.Kind == task.String && (c.format != formatPlain || !plainNumber(c.text)):
		return c.text, fmt.Errorf("%s is the number %q, which the sheet may show in another form; enter it as text", p.Name, clip(c.text))
	}
	return c.text, nil
}

var plainDigits = regexp.MustCompile(`^-?(0|[1-9]\d*)(\.\d+)?$`)

// plainNumber reports whether a number reads the same in the file and on the screen: plain digits,
// not more of them than a spreadsheet keeps.
func plainNumber(s string) bool {
	const kept = 15
	return plainDigits.MatchString(s) && len(strings.TrimLeft(strings.NewReplacer("-", "", ".", "").Replace(s), "0")) <= kept
}
