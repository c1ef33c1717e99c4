package ingest

import (
	"errors"
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
	b.elsewhere, b.sheetNamed = elsewhere(book, s), o.Sheet != ""
	rows, err := book.Rows(s)
	if err != nil {
		return err
	}
	b.totals = rows.Totals
	if b.layout, err = eachRow(rows, b.add); err != nil {
		return err
	}
	in.Widths = b.layout.Widths
	return b.finish()
}

// eachRow gives the rows of a sheet to take, in their order, and closes it. Their cells' memory is used again.
func eachRow(rows *xlsx.Rows, take func(record) error) (shown *xlsx.Layout, err error) {
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
			cells = append(cells, cell{c.Text, c.Kind, c.Format, c.Formula, c.Struck})
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
	rows, err := book.Rows(&book.Sheets[at])
	if err != nil {
		return nil, err
	}
	var lines []string
	_, err = eachRow(rows, func(rec record) error {
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
