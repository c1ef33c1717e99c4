package verify

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"taskrecon/internal/xlsx"
)

// compare reads both workbooks to their ends.
func compare(want, got *xlsx.Book, path string) (Verified, error) {
	v := Verified{Sheets: len(want.Sheets)}
	for i := range got.Sheets {
		if !got.Sheets[i].Worksheet {
			return v, damaged(path, fmt.Errorf("has the sheet %q, which has no cells", got.Sheets[i].Name))
		}
	}
	if words := differentSheets(want.Sheets, got.Sheets); words != "" {
		return v, alteredError(path + ": " + words)
	}
	for i := range want.Sheets {
		n, err := compareSheet(want, got, i, path)
		v.Cells += n
		if err != nil {
			return v, err
		}
	}
	return v, compareProperties(want, got, path)
}

// differentSheets says in what the sheets' names or order differ, or that one is hidden.
func differentSheets(want, got []xlsx.Sheet) string {
	has := func(sheets []xlsx.Sheet, name string) bool {
		return slices.ContainsFunc(sheets, func(s xlsx.Sheet) bool { return s.Name == name })
	}
	for _, s := range want {
		if !has(got, s.Name) {
			return fmt.Sprintf("the sheet %q is missing", s.Name)
		}
	}
	for i, s := range got {
		switch {
		case !has(want, s.Name):
			return fmt.Sprintf("the sheet %q was put in", s.Name)
		case i >= len(want) || s.Name != want[i].Name:
			return fmt.Sprintf("the sheet %q is not where it was written", s.Name)
		case s.Hidden && !want[i].Hidden:
			return quoteSheet(s.Name) + ": the sheet is hidden; the report hides none"
		}
	}
	return ""
}

// sheet is a worksheet of which the rows that hold something are read.
type sheet struct {
	*xlsx.Rows
	row   xlsx.Row // the one at hand; without cells at the end
	err   error    // that ended the reading
	later *later   // nil where no column is passed over

	// What is not shown: the first row, and the columns that hold something.
	hiddenRow int
	columns   map[int]bool
}

func openSheet(book *xlsx.Book, i int) (*sheet, error) {
	rows, err := book.Rows(&book.Sheets[i])
	if err != nil {
		return nil, err
	}
	s := &sheet{Rows: rows, columns: map[int]bool{}}
	s.next()
	return s, nil
}

// next goes to the next row that holds something, and leaves out its blank cells.
func (s *sheet) next() {
	s.row.Cells = nil
	for s.err == nil && len(s.row.Cells) == 0 {
		if s.row, s.err = s.Rows.Next(); s.err != nil {
			s.row = xlsx.Row{}
			return
		}
		s.row.Cells = slices.DeleteFunc(s.row.Cells, func(c xlsx.Cell) bool { return c.Text == "" && !c.Formula })
	}
	if s.row.Hidden && s.hiddenRow == 0 {
		s.hiddenRow = s.row.Number
	}
	for _, c := range s.row.Cells {
		s.columns[c.Column] = true
	}
}

// hidden says what of the sheet is not shown; "" where all is, or a filter says that it hides rows.
func (s *sheet) hidden() string {
	layout := s.Layout()
	first := 0
	for column := range s.columns {
		if layout.HidesColumn(column) && (first == 0 || column < first) {
			first = column
		}
	}
	switch {
	case first > 0:
		return "column " + xlsx.ColumnName(first) + " is hidden"
	case s.hiddenRow == 1 || s.hiddenRow > 0 && !layout.Filtered:
		return fmt.Sprintf("row %d is hidden", s.hiddenRow)
	}
	return ""
}

// compareSheet reads both in step and counts the cells that agree.
func compareSheet(want, got *xlsx.Book, i int, path string) (n int, err error) {
	name := got.Sheets[i].Name
	mine, err := openSheet(want, i)
	if err != nil {
		return 0, err
	}
	defer mine.Close()
	theirs, err := openSheet(got, i)
	if err != nil {
		return 0, damaged(path, err)
	}
	defer theirs.Close()
	mine.passOver(theirs.row, name)
	altered := func(words string) error { return alteredError(fmt.Sprintf("%s: %s%s", path, quoteSheet(name), words)) }
	for ; ; mine.next() {
		row, lacks := mine.paired()
		switch {
		case mine.err != nil && mine.err != io.EOF:
			return n, fmt.Errorf("rendering the ledger again: %w", mine.err)
		case theirs.err != nil && theirs.err != io.EOF:
			return n, damaged(path, theirs.err)
		}
		if lacks {
			return n, altered("!" + mine.later.difference())
		}
		if words := differentRow(row, theirs.row); words != "" {
			return n, altered("!" + words)
		}
		if mine.err == io.EOF {
			break
		}
		n += len(row.Cells)
		theirs.next()
	}
	if words := theirs.hidden(); words != "" {
		return n, altered(": " + words + "; the report hides none")
	}
	return n, nil
}

func quoteSheet(name string) string {
	if strings.ContainsAny(name, " '!") {
		return "'" + strings.ReplaceAll(name, "'", "''") + "'"
	}
	return name
}
