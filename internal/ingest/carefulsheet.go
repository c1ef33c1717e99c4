package ingest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"

	"github.com/xuri/excelize/v2"
)

// spillSize is the size from which excelize unpacks a sheet, or the shared strings, to a temporary file.
const spillSize = 16 << 20

// carefulSheet reads a worksheet twice at the same time: excelize delivers the texts, and a strict scan of
// the sheet's XML delivers types and styles, which excelize's iterator does not tell, and the proof
// that the sheet was read whole, which excelize does not give: it reads a damaged sheet as a shorter
// one. Where the two differ the file is refused.
type carefulSheet struct {
	*xlsxReader
	scan sheetScan
}

// read gives the rows of a sheet to take, in their order.
func (rd *carefulSheet) read(s *sheet, take func(record) error) (err error) {
	o := rd.options
	rd.scan = sheetScan{xml: newXMLScan(s.part.open())}
	// The first row is scanned before excelize sees the file, and each later one a row ahead of it: what
	// the scan refuses, excelize never reads.
	var row, ahead sheetRow
	more, err := rd.advance(&row)
	if err != nil {
		return s.broken(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(rd.data), excelize.Options{
		RawCellValue: true, UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: cmp.Or(o.spill, spillSize), TmpDir: o.TmpDir,
	})
	if f != nil {
		defer func() { err = errors.Join(err, f.Close()) }()
	}
	if err != nil {
		return damaged("%w", err)
	}
	rows, err := f.Rows(s.name)
	if err != nil {
		return s.broken(err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for at := 0; more; row, ahead = ahead, row {
		if more, err = rd.advance(&ahead); err != nil {
			return s.broken(err)
		}
		texts, err := rowTexts(rows, &at, row.number)
		if err != nil {
			return s.broken(err)
		}
		rec, err := rd.pair(&row, texts)
		if err != nil {
			return s.broken(err)
		}
		if err := take(rec); err != nil {
			return err
		}
	}
	return nil
}

// broken tells a sheet that is damaged from one that is only beyond the limits.
func (s *sheet) broken(err error) error {
	var beyond limitError
	if errors.As(err, &beyond) {
		return fmt.Errorf("is too big: sheet %q: %w", s.name, err)
	}
	return damaged("sheet %q: %w", s.name, err)
}

func (rd *carefulSheet) advance(row *sheetRow) (more bool, err error) {
	if err = rd.scan.next(row); err == io.EOF {
		return false, nil
	}
	return err == nil, err
}

// rowTexts takes excelize's iterator from row *at to the row wanted.
func rowTexts(rows *excelize.Rows, at *int, wanted int) ([]string, error) {
	for {
		if !rows.Next() {
			return nil, errors.Join(fmt.Errorf("its rows end before row %d", wanted), rows.Error())
		}
		*at++
		texts, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return nil, fmt.Errorf("row %d: %w", *at, err)
		}
		if *at == wanted {
			return texts, nil
		}
		if len(texts) > 0 {
			return nil, fmt.Errorf("two readings of row %d differ", *at)
		}
	}
}

// pair brings the two readings of a row together.
func (rd *carefulSheet) pair(row *sheetRow, texts []string) (record, error) {
	rec := record{row: row.number, hidden: row.hidden}
	matched := 0
	for _, sc := range row.cells {
		text := ""
		if sc.column <= len(texts) {
			text = texts[sc.column-1]
		}
		if text != "" {
			matched++
		}
		c, err := rd.cell(sc, text)
		if err != nil {
			return rec, fmt.Errorf("cell %s%d: %w", columnName(sc.column), row.number, err)
		}
		for len(rec.cells) < sc.column-1 {
			rec.cells = append(rec.cells, cell{})
		}
		rec.cells = append(rec.cells, c)
	}
	for _, text := range texts {
		if text != "" {
			matched--
		}
	}
	if matched != 0 {
		return rec, fmt.Errorf("two readings of row %d differ", row.number)
	}
	return rec, nil
}

var errReadings = errors.New("two readings of it differ")

// cell makes a cell of what the XML says and the text that excelize delivers.
func (rd *carefulSheet) cell(sc sheetCell, text string) (cell, error) {
	if c, done, err := rd.special(sc); done {
		return c, err
	}
	if sc.kind == "s" {
		i, err := rd.strings.index(sc.text)
		if err == nil && rd.strings.hashes[i] != rd.strings.hash(text) {
			err = errReadings
		}
		return cell{text: text}, err
	}
	if text != sc.text {
		return cell{}, errReadings
	}
	return rd.typed(sc)
}
