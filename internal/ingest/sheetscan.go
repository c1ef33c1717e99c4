package ingest

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// The size of a sheet.
const (
	maxRow     = 1 << 20
	lastColumn = 1 << 14
)

// sheetCell is a cell that holds something, as the sheet's XML says it.
type sheetCell struct {
	column  int    // from 1
	kind    string // the t attribute
	style   int
	text    string // content as it stands there; for kind s the number of a shared string
	formula bool
	value   bool // has a v element, be it empty
}

// sheetRow is a row element.
type sheetRow struct {
	number int
	hidden bool        // by hand, by a filter, by a folded outline, or by having no height
	cells  []sheetCell // in ascending columns
}

// limitError says that a sheet, though whole, is more than is read.
type limitError string

func (e limitError) Error() string { return string(e) }

// sheetScan reads a worksheet part row by row. It fails on anything that a reader might take in two
// ways, such as rows out of order, and on a part that is not whole.
type sheetScan struct {
	xml  *xmlScan
	last int  // number of the last row
	data bool // sheetData has begun
	layout
}

// next reads the next row, using the memory of row again. It returns io.EOF when the part has been
// read to its end and is whole.
func (s *sheetScan) next(row *sheetRow) error {
	for {
		tok, err := s.xml.next()
		if err == io.EOF && !s.data {
			return errors.New("it has no rows element")
		}
		if err != nil {
			return err
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		switch name, depth := start.Name.Local, s.xml.depth(); {
		case depth == 1 && name != "worksheet":
			return fmt.Errorf("it is a %q, not a worksheet", clip(name))
		case depth == 2 && name == "sheetData":
			if s.data {
				return errors.New("it has two rows elements")
			}
			s.data = true
		case depth == 3 && s.xml.stack[1].Local == "sheetData":
			if name != "row" {
				return fmt.Errorf("it has a %q among its rows", clip(name))
			}
			return s.readRow(start, row)
		default:
			if err := s.layout.read(start, s.xml.stack); err != nil {
				return err
			}
		}
	}
}

func (s *sheetScan) readRow(start xml.StartElement, row *sheetRow) error {
	row.number, row.cells = s.last+1, row.cells[:0]
	if r, ok := attr(start, "r"); ok {
		n, err := strconv.Atoi(r)
		if err != nil || n <= s.last {
			return fmt.Errorf("row %q follows row %d", clip(r), s.last)
		}
		row.number = n
	}
	if row.number > maxRow {
		return fmt.Errorf("row %d is beyond the last row that a sheet has", row.number)
	}
	s.last = row.number
	row.hidden = s.hides(start)
	column := 0
	for s.xml.depth() >= 3 {
		tok, err := s.xml.next()
		if err != nil {
			return early(err)
		}
		start, ok := tok.(xml.StartElement)
		if !ok {
			continue
		}
		if start.Name.Local != "c" {
			if err := s.xml.skip(); err != nil {
				return err
			}
			continue
		}
		c, err := s.readCell(start, row.number, column)
		if err != nil {
			return err
		}
		if column = c.column; column > lastColumn {
			return fmt.Errorf("row %d has more cells than a sheet has columns", row.number)
		}
		if c.text == "" && !c.formula && !c.value {
			continue
		}
		if column > maxColumns {
			return limitError(fmt.Sprintf("cell %s%d lies beyond column %s, the last that is read", columnName(column), row.number, columnName(maxColumns)))
		}
		row.cells = append(row.cells, c)
	}
	return nil
}

// readCell reads a cell to its end tag; previous is the column of the cell before it.
func (s *sheetScan) readCell(start xml.StartElement, row, previous int) (sheetCell, error) {
	c := sheetCell{column: previous + 1}
	for _, a := range start.Attr {
		switch {
		case a.Name.Space != "":
		case a.Name.Local == "t":
			c.kind = a.Value
		case a.Name.Local == "s":
			n, err := strconv.Atoi(a.Value)
			if err != nil || n < 0 {
				return c, fmt.Errorf("a cell of row %d has the style %q", row, clip(a.Value))
			}
			c.style = n
		case a.Name.Local == "r":
			column, r, ok := parseRef(a.Value)
			if !ok || r != row || column <= previous {
				return c, fmt.Errorf("cell %q stands in row %d behind column %d", clip(a.Value), row, previous)
			}
			c.column = column
		}
	}
	for base := s.xml.depth(); s.xml.depth() >= base; {
		tok, err := s.xml.next()
		if err != nil {
			return c, early(err)
		}
		if child, ok := tok.(xml.StartElement); ok {
			if err := s.readChild(child, &c); err != nil {
				return c, fmt.Errorf("cell %s%d: %w", columnName(c.column), row, err)
			}
		}
	}
	return c, nil
}

func (s *sheetScan) readChild(start xml.StartElement, c *sheetCell) error {
	switch start.Name.Local {
	case "v":
		if c.value {
			return errors.New("it has two values")
		}
		c.value = true
		var text strings.Builder
		for base := s.xml.depth(); s.xml.depth() >= base; {
			tok, err := s.xml.next()
			if err != nil {
				return early(err)
			}
			if data, ok := tok.(xml.CharData); ok {
				text.Write(data)
			}
		}
		if c.kind != "inlineStr" || c.text == "" {
			c.text = text.String()
		}
		return nil
	case "is":
		text, err := s.xml.stringItem()
		if c.kind == "inlineStr" {
			c.text = text
		}
		return err
	case "f":
		c.formula = true
	}
	return s.xml.skip()
}

// parseRef reads a cell reference such as F14.
func parseRef(s string) (column, row int, ok bool) {
	i := 0
	for ; i < len(s) && s[i] >= 'A' && s[i] <= 'Z' && column < 1<<15; i++ {
		column = column*26 + int(s[i]-'A') + 1
	}
	row, err := strconv.Atoi(s[i:])
	return column, row, err == nil && i > 0 && column <= lastColumn && s[i] != '+'
}
