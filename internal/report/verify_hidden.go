package report

import (
	"encoding/xml"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// hiding is what keeps a cell from being seen.
type hiding uint8

const (
	hiddenNot hiding = iota
	hiddenRow
	hiddenColumn
)

// Rows and columns smaller than this show nothing, whether or not they say that they are hidden.
const (
	leastHeight = 1.0 // points
	leastWidth  = 0.5 // characters
)

// sight tells which rows and columns of a sheet are not seen.
type sight struct {
	low, slim bool     // rows, columns that do not give their size have none
	columns   []extent // by number; nil where none is told of
	hidden    bool     // the row at hand
}

type extent uint8

const (
	extentUntold extent = iota
	extentSeen
	extentHidden
)

// sizes takes in those of rows and columns that do not give their own.
func (s *sight) sizes(e xml.StartElement) {
	s.low = below(attribute(e, "defaultRowHeight"), leastHeight)
	s.slim = below(attribute(e, "defaultColWidth"), leastWidth)
}

func (s *sight) addColumns(e xml.StartElement) error {
	from, errFrom := strconv.Atoi(attribute(e, "min"))
	to, errTo := strconv.Atoi(attribute(e, "max"))
	if errFrom != nil || errTo != nil || from < 1 || to < from || to > excelize.MaxColumns {
		return fmt.Errorf("it tells of columns %q to %q", attribute(e, "min"), attribute(e, "max"))
	}
	if s.columns == nil {
		s.columns = make([]extent, excelize.MaxColumns+1)
	}
	width := attribute(e, "width")
	as := extentSeen
	switch {
	case isTrue(attribute(e, "hidden")) || below(width, leastWidth):
		as = extentHidden
	case width == "":
		as = extentUntold
	}
	for i := from; i <= to; i++ {
		s.columns[i] = max(s.columns[i], as)
	}
	return nil
}

func (s *sight) startRow(e xml.StartElement) {
	height := attribute(e, "ht")
	s.hidden = isTrue(attribute(e, "hidden")) || below(height, leastHeight) || height == "" && s.low
}

// of says what hides the cell in a column of the row at hand.
func (s *sight) of(column int) hiding {
	as := extentUntold
	if column < len(s.columns) {
		as = s.columns[column]
	}
	switch {
	case s.hidden:
		return hiddenRow
	case as == extentHidden || as == extentUntold && s.slim:
		return hiddenColumn
	}
	return hiddenNot
}

func below(size string, least float64) bool {
	n, err := strconv.ParseFloat(strings.TrimSpace(size), 64)
	return err == nil && n < least
}

func isTrue(text string) bool {
	yes, err := strconv.ParseBool(strings.TrimSpace(text))
	return err == nil && yes
}

// readColumns reads to the end of the element that tells of the columns.
func (s *sheetValues) readColumns() error {
	if s.seen {
		return errors.New("columns stand behind the rows")
	}
	return s.children(func(e xml.StartElement) error {
		if e.Name.Local != "col" || !isMain(e.Name) {
			return unexpected(e.Name)
		}
		return s.sight.addColumns(e)
	})
}

// readFilter reads to the end of the element that tells of the filter.
func (s *sheetValues) readFilter() error {
	return s.children(func(e xml.StartElement) error {
		s.filtered = s.filtered || e.Name.Local == "filterColumn" && isMain(e.Name)
		return nil
	})
}

// children reads to the end of the element at hand, and shows each element right inside it.
func (s *sheetValues) children(see func(xml.StartElement) error) error {
	for {
		t, err := s.token()
		if err != nil {
			return unexpectedEnd(err)
		}
		switch t := t.(type) {
		case xml.StartElement:
			if err := see(t); err != nil {
				return err
			}
			if err := s.skip(); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		}
	}
}

// hides reports whether a cell holds what another does, and is hidden in another way.
func (v value) hides(than value) bool {
	other := than.hidden
	than.hidden = v.hidden
	return v == than && v.hidden != other
}

// hiddenPlace names what hides the cell.
func (v *value) hiddenPlace() string {
	if v.hidden == hiddenColumn {
		name, err := excelize.ColumnNumberToName(v.column)
		if err != nil {
			name = strconv.Itoa(v.column)
		}
		return "column " + name + " is hidden"
	}
	return fmt.Sprintf("row %d is hidden", v.row)
}
