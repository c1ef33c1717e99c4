package xlsx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

const (
	// MaxColumns is the last column that may hold data, by Open.
	MaxColumns = 2000
	maxRowText = 32 << 20 // bytes of the texts of one row
)

// Kind is what a cell is in the file.
type Kind uint8

// The values of Kind.
const (
	Text     Kind = iota
	Number        // as the file writes it, not formatted
	Bool          // "0" or "1"
	Error         // #N/A and its like
	Date          // text in ISO 8601
	NoResult      // a formula of which the file does not hold the result
)

// Cell is a cell that holds something.
type Cell struct {
	Column  int // from 1
	Kind    Kind
	Format  Format // of a number
	Formula bool
	Struck  bool // through
	Text    string
}

// Row is one row of a sheet.
type Row struct {
	Number int
	Hidden bool   // the sheet does not show it
	Cells  []Cell // in ascending columns
}

// Rows reads the rows of a sheet one by one. What can be taken in two ways, such as rows out of order, is damage.
type Rows struct {
	Totals []Area // rows in which tables of the sheet add up what is above

	book   *Book
	sheet  *Sheet
	in     io.ReadCloser
	x      *elements
	layout Layout
	row    Row
	seen   bool   // sheetData
	inside bool   // of it
	text   []byte // of a cell
	size   int    // of the row's texts
}

// Rows opens a sheet. The caller closes it.
func (b *Book) Rows(s *Sheet) (*Rows, error) {
	if s.part == nil {
		return nil, damaged("the part of sheet %q is missing", clip(s.Name))
	}
	totals, err := b.totals(s)
	if err != nil {
		return nil, err
	}
	in, err := s.part.Open()
	if err != nil {
		return nil, broken(fmt.Sprintf("sheet %q", s.Name), err)
	}
	return &Rows{book: b, sheet: s, Totals: totals, in: in, x: newElements(in)}, nil
}

// totals finds the rows by which the tables of a sheet end in totals.
func (b *Book) totals(s *Sheet) (rows []Area, err error) {
	rels, err := b.relationships(s.part.Name)
	for _, r := range rels {
		if r.kind != "table" || r.part == nil || err != nil {
			continue
		}
		err = readIndex(r.part, "table", func(x *elements) error {
			n, err := x.number("totalsRowCount")
			ref, _ := x.attr("ref")
			a, ok := parseArea(ref)
			if n <= 0 || !ok || err != nil {
				return err
			}
			a.Top = max(a.Top, a.Bottom-n+1)
			rows = append(rows, a)
			return nil
		})
	}
	return rows, err
}

// Close ends the reading.
func (r *Rows) Close() error { return r.in.Close() }

// Layout is what the sheet shows otherwise than it holds; it is complete when Next has returned io.EOF.
func (r *Rows) Layout() *Layout { return &r.layout }

// Next returns the next row, whose cells are good until the following call. It returns io.EOF once the sheet has been
// read to its end and is whole. Until then nothing of it is certain.
func (r *Rows) Next() (Row, error) {
	err := r.next()
	if err != nil && err != io.EOF {
		err = broken(fmt.Sprintf("sheet %q", r.sheet.Name), err)
	}
	return r.row, err
}

func (r *Rows) next() error {
	if r.x.depth() == 0 {
		if err := r.begin(); err != nil {
			return err
		}
	}
	for {
		if r.inside {
			found, err := r.x.child(2)
			switch {
			case err != nil:
				return err
			case found && string(r.x.name) != "row":
				return fmt.Errorf("it has a %q among its rows", clip(string(r.x.name)))
			case found:
				return r.readRow()
			}
			r.inside, r.x.exact = false, false
		}
		found, err := r.x.child(1)
		switch {
		case err != nil:
			return err
		case !found:
			return r.end()
		case string(r.x.name) != "sheetData":
			if err := r.layout.read(r.x, string(r.x.name)); err != nil {
				return err
			}
		case r.seen:
			return errors.New("it has two rows elements")
		default:
			if err := r.x.known(); err != nil {
				return err
			}
			r.seen, r.inside, r.x.exact = true, true, true
		}
	}
}

func (r *Rows) begin() error {
	_, err := r.x.child(0)
	if err == nil && string(r.x.name) != "worksheet" {
		err = fmt.Errorf("it is a %q, not a worksheet", clip(string(r.x.name)))
	}
	return err
}

func (r *Rows) end() error {
	if _, err := r.x.child(0); err != nil {
		return err
	}
	if !r.seen {
		return errors.New("it has no rows element")
	}
	return io.EOF
}

func (r *Rows) readRow() error {
	number := r.row.Number + 1
	if ref, given := r.x.attr("r"); given {
		n, err := strconv.Atoi(ref)
		if err != nil || n < number {
			return fmt.Errorf("row %q follows row %d", clip(ref), r.row.Number)
		}
		number = n
	}
	if number > maxRow {
		return fmt.Errorf("row %d is beyond the last row that a sheet has", number)
	}
	r.row = Row{Number: number, Hidden: r.layout.hidesRow(r.x), Cells: r.row.Cells[:0]}
	r.size = 0
	for column := 0; ; {
		found, err := r.x.child(3)
		if err != nil || !found {
			return err
		}
		if string(r.x.name) != "c" {
			continue
		}
		if column, err = r.readCell(column); err != nil {
			return err
		}
		if r.size += len(r.text); r.size > maxRowText {
			return limitError(fmt.Sprintf("row %d holds more than %d MiB of text", number, maxRowText>>20))
		}
	}
}

// rawCell is what the XML says of a cell.
type rawCell struct {
	Cell
	kind  string // the t attribute
	style int
	value bool // there is a v element
}

// readCell reads a cell to its end, and returns its column; previous is that of the cell before it.
func (r *Rows) readCell(previous int) (int, error) {
	c := rawCell{Cell: Cell{Column: previous + 1}}
	if err := r.cellTag(&c, previous); err != nil {
		return 0, err
	}
	err := r.cellContent(&c)
	switch {
	case err == nil && len(r.text) == 0 && !c.Formula && !c.value:
		return c.Column, nil
	case err == nil && c.Column > r.book.limits.Columns:
		err = limitError("it lies beyond column " + ColumnName(r.book.limits.Columns) + ", the last that is read")
	case err == nil:
		err = r.settle(&c)
		r.row.Cells = append(r.row.Cells, c.Cell)
	}
	if err != nil {
		return 0, fmt.Errorf("cell %s: %w", Ref(c.Column, r.row.Number), err)
	}
	return c.Column, nil
}

func (r *Rows) cellTag(c *rawCell, previous int) error {
	for _, a := range r.x.attrs {
		switch string(a.name) {
		case "t":
			known := false
			if c.kind, known = cellTypes[string(a.value)]; !known {
				c.kind = string(a.value)
			}
		case "s":
			n, err := strconv.ParseUint(string(a.value), 10, 31)
			if err != nil && len(a.value) > 0 {
				return fmt.Errorf("a cell of row %d has the style %q", r.row.Number, clip(string(a.value)))
			}
			c.style = int(n)
		case "r":
			column, row, ok := parseRef(string(a.value))
			if !ok || row != r.row.Number || column <= previous {
				return fmt.Errorf("cell %q is in row %d behind column %d", clip(string(a.value)), r.row.Number, previous)
			}
			c.Column = column
		}
	}
	if c.Column > maxColumn {
		return fmt.Errorf("row %d has more cells than a sheet has columns", r.row.Number)
	}
	return nil
}

// cellTypes keeps the types' names, so that a cell's needs no memory of its own.
var cellTypes = map[string]string{"s": "s", "inlineStr": "inlineStr", "str": "str", "n": "n", "b": "b", "e": "e", "d": "d"}

// cellContent reads the text of a cell into r.text.
func (r *Rows) cellContent(c *rawCell) error {
	r.text = r.text[:0]
	for inline := false; ; {
		found, err := r.x.child(4)
		if err == nil && !found && c.kind == "inlineStr" && c.value && !inline {
			err = errors.New("it has a value where its text belongs")
		}
		if err != nil || !found {
			return err
		}
		switch name := string(r.x.name); {
		case name == "v" && c.value, name == "is" && inline:
			return fmt.Errorf("it has two elements %q", name)
		case name == "v":
			c.value = true
			if seen := len(r.text); inline { // the inline string counts
				_, err = r.x.text(r.text[seen:])
			} else {
				r.text, err = r.x.text(r.text)
			}
		case name == "is" && c.kind == "inlineStr":
			inline = true
			r.text, err = r.x.stringItem(r.text[:0])
		case name == "f":
			c.Formula = true
		}
		if err != nil {
			return err
		}
	}
}

// settle makes of what the XML says of a cell what the cell holds.
func (r *Rows) settle(c *rawCell) (err error) {
	if c.style >= len(r.book.styles) {
		return fmt.Errorf("it has style %d of %d", c.style, len(r.book.styles))
	}
	c.Struck = r.book.styles[c.style].struck
	if c.Formula && (!c.value || len(r.text) == 0 && c.kind != "str") {
		c.Kind = NoResult
		return nil
	}
	switch c.kind {
	case "s":
		c.Text, err = r.book.shared(string(bytes.TrimSpace(r.text)))
		return err
	case "str":
		r.text, err = unescape(r.text)
	case "d":
		c.Kind = Date
	case "e":
		c.Kind = Error
	case "b":
		if c.Kind = Bool; string(r.text) != "0" && string(r.text) != "1" {
			err = fmt.Errorf("it is the logical value %q", clip(string(r.text)))
		}
	case "", "n":
		if len(r.text) == 0 {
			return nil
		}
		c.Kind, c.Format, c.Text = Number, r.book.styles[c.style].format, string(bytes.TrimSpace(r.text))
		if n, err := strconv.ParseFloat(c.Text, 64); err != nil || math.IsInf(n, 0) || math.IsNaN(n) || strings.ContainsAny(c.Text, "xX_") {
			return fmt.Errorf("it is the number %q", clip(c.Text))
		}
		return nil
	case "inlineStr":
	default:
		err = fmt.Errorf("it is of the unknown type %q", clip(c.kind))
	}
	c.Text = string(r.text)
	return err
}

// shared is the shared string that a cell means. One without a number is blank.
func (b *Book) shared(number string) (string, error) {
	if number == "" {
		return "", nil
	}
	i, err := strconv.Atoi(number)
	if err != nil || i < 0 || i >= len(b.strings) {
		return "", fmt.Errorf("it means shared string %q of %d", clip(number), len(b.strings))
	}
	return b.strings[i], nil
}
