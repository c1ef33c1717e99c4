package ingest

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"taskrecon/internal/base"
	"taskrecon/internal/xlsx"
)

// readXLSX reads a worksheet.
func readXLSX(in *Input, data []byte, o Options) error {
	book, err := xlsx.Open(data)
	if err != nil {
		return err
	}
	s, err := chooseSheet(book, o.Sheet)
	if err != nil {
		return err
	}
	in.Sheet = s.Name
	b := newBuilder(in, o)
	b.date1904 = book.Date1904
	b.loadBase = func() (*base.Base, error) { return readBase(book, s, o.basePath) }
	if b.layout, err = eachRow(book, s, b.add); err != nil {
		return err
	}
	return b.finish()
}

// chooseSheet finds the worksheet by name, or the first visible one.
func chooseSheet(book *xlsx.Book, name string) (*xlsx.Sheet, error) {
	var names []string
	for i := range book.Sheets {
		s := &book.Sheets[i]
		switch named := strings.EqualFold(s.Name, name); {
		case name != "" && named && !s.Worksheet:
			return nil, fmt.Errorf("sheet %q is a chart or dialog, not a worksheet", s.Name)
		case !s.Worksheet:
			continue
		case named || name == "" && !s.Hidden:
			return s, nil
		}
		names = append(names, fmt.Sprintf("%q", clip(s.Name)))
	}
	switch {
	case len(names) == 0:
		return nil, errors.New("has no worksheet")
	case name == "":
		return nil, fmt.Errorf("has no visible worksheet; name one of its sheets: %s", list(names))
	}
	return nil, fmt.Errorf("has no worksheet %q; it has %s", name, list(names))
}

// eachRow gives the rows of a sheet to take, in their order. Their cells' memory is used again.
func eachRow(book *xlsx.Book, s *xlsx.Sheet, take func(record) error) (shown *xlsx.Layout, err error) {
	rows, err := book.Rows(s)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var cells []cell
	for {
		row, err := rows.Next()
		if err == io.EOF {
			return rows.Layout(), nil
		}
		if err != nil {
			return nil, err
		}
		cells = cells[:0]
		for _, c := range row.Cells {
			for len(cells) < c.Column-1 {
				cells = append(cells, cell{})
			}
			if c.Kind == xlsx.Date {
				c.Kind = xlsx.Text
			}
			cells = append(cells, cell{text: c.Text, kind: c.Kind, format: c.Format})
		}
		if err := take(record{row: row.Number, cells: cells, hidden: row.Hidden}); err != nil {
			return nil, err
		}
	}
}

// readBase reads the base of the tasks in sheet s, which lies in a sheet of its own or in a file beside the workbook.
func readBase(book *xlsx.Book, s *xlsx.Sheet, path string) (*base.Base, error) {
	at := slices.IndexFunc(book.Sheets, func(s xlsx.Sheet) bool { return s.Name == base.Name && s.Worksheet })
	if at < 0 || &book.Sheets[at] == s {
		return base.ReadFile(path)
	}
	var lines []string
	_, err := eachRow(book, &book.Sheets[at], func(rec record) error {
		var line strings.Builder
		for _, c := range rec.cells {
			line.WriteString(c.text)
		}
		if line.Len() > 0 {
			lines = append(lines, line.String())
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return base.Decode(lines)
}
