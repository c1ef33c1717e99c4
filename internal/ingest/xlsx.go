package ingest

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// spillSize is the size from which excelize unpacks a sheet, or the shared strings, to a temporary file.
const spillSize = 16 << 20

// readXLSX reads a worksheet twice at the same time: excelize delivers the texts, and a strict scan of
// the sheet's XML delivers types and styles, which excelize's iterator does not tell, and the proof
// that the sheet was read whole, which excelize does not give: it reads a damaged sheet as a shorter
// one. Where the two differ the file is refused.
func readXLSX(in *Input, data []byte, o Options) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = damaged("reading it failed: %v", p)
		}
	}()
	a, err := openArchive(data)
	if err != nil {
		return err
	}
	w, err := a.workbook()
	if err != nil {
		return err
	}
	s, err := w.choose(o.Sheet)
	if err != nil {
		return err
	}
	in.Sheet = s.name
	rd := xlsxReader{}
	if rd.strings, err = readSharedStrings(w.strings); err != nil {
		return err
	}
	if rd.formats, err = readNumberFormats(w.styles); err != nil {
		return err
	}
	b := newBuilder(in, o)
	b.date1904 = w.date1904
	b.loadBase = func() (*base, error) {
		other := xlsxReader{strings: rd.strings, formats: rd.formats}
		return other.readBase(data, w, s, o)
	}
	if err := rd.read(data, s, o, b.add); err != nil {
		return err
	}
	b.layout = rd.scan.layout
	return b.finish()
}

// readBase reads the base of the tasks in sheet s, which lies in a sheet of its own or in a file beside the workbook.
func (rd *xlsxReader) readBase(data []byte, w *workbook, s *sheet, o Options) (*base, error) {
	at := slices.IndexFunc(w.sheets, func(s sheet) bool { return s.name == baseName && s.worksheet && s.part != nil })
	if at < 0 || &w.sheets[at] == s {
		return readBaseFile(o.basePath)
	}
	var lines []string
	err := rd.read(data, &w.sheets[at], o, func(rec record) error {
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
	return decodeBase(lines)
}

type xlsxReader struct {
	scan    sheetScan
	strings *sharedStrings
	formats numberFormats
}

// read gives the rows of a sheet to take, in their order.
func (rd *xlsxReader) read(data []byte, s *sheet, o Options, take func(record) error) (err error) {
	rd.scan = sheetScan{xml: newXMLScan(s.part.open())}
	// The first row is scanned before excelize sees the file, and each later one a row ahead of it: what
	// the scan refuses, excelize never reads.
	var row, ahead sheetRow
	more, err := rd.advance(&row)
	if err != nil {
		return s.broken(err)
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
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

func (rd *xlsxReader) advance(row *sheetRow) (more bool, err error) {
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
func (rd *xlsxReader) pair(row *sheetRow, texts []string) (record, error) {
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
func (rd *xlsxReader) cell(sc sheetCell, text string) (cell, error) {
	if sc.style >= len(rd.formats) {
		return cell{}, fmt.Errorf("it has style %d of %d", sc.style, len(rd.formats))
	}
	if sc.formula && (!sc.value || sc.text == "" && sc.kind != "str") {
		return cell{kind: cellNoFormula}, nil
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
	switch sc.kind {
	case "inlineStr", "d":
		return cell{text: text}, nil
	case "str":
		return cell{text: unescape(text)}, nil
	case "e":
		return cell{text: text, kind: cellError}, nil
	case "b":
		if text != "0" && text != "1" {
			return cell{}, fmt.Errorf("it is the logical value %q", clip(text))
		}
		return cell{text: text, kind: cellBool}, nil
	case "", "n":
		if text == "" {
			return cell{}, nil
		}
		text = strings.TrimSpace(text)
		if n, err := strconv.ParseFloat(text, 64); err != nil || math.IsInf(n, 0) || math.IsNaN(n) || strings.ContainsAny(text, "xX_") {
			return cell{}, fmt.Errorf("it is the number %q", clip(text))
		}
		return cell{text: text, kind: cellNumber, format: rd.formats[sc.style]}, nil
	}
	return cell{}, fmt.Errorf("it is of the unknown type %q", clip(sc.kind))
}
