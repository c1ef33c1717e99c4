package ingest

import (
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"taskrecon/internal/base"
)

// readXLSX reads a worksheet. Quick reading does that in one pass where all of the sheet is plain. Where
// anything is not, be it damaged or only unusual, nothing of what was read quickly counts, and the
// careful reading decides.
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
	rd := &xlsxReader{data: data, archive: a, workbook: w, options: o}
	if err := rd.prepare(); err != nil {
		return err
	}
	var b *builder
	blank := *in
	shown, err := rd.read(s, func() func(record) error {
		*in = blank
		b = newBuilder(in, o)
		b.date1904 = w.date1904
		b.loadBase = func() (*base.Base, error) { return rd.readBase(s) }
		return b.add
	})
	if err != nil {
		return err
	}
	b.layout = shown
	return b.finish()
}

// readBase reads the base of the tasks in sheet s, which lies in a sheet of its own or in a file beside the workbook.
func (rd *xlsxReader) readBase(s *sheet) (*base.Base, error) {
	sheets := rd.workbook.sheets
	at := slices.IndexFunc(sheets, func(s sheet) bool { return s.name == base.Name && s.worksheet && s.part != nil })
	if at < 0 || &sheets[at] == s {
		return base.ReadFile(rd.options.basePath)
	}
	var lines []string
	_, err := rd.read(&sheets[at], func() func(record) error {
		lines = nil
		return func(rec record) error {
			var line strings.Builder
			for _, c := range rec.cells {
				line.WriteString(c.text)
			}
			if line.Len() > 0 {
				lines = append(lines, line.String())
			}
			return nil
		}
	})
	if err != nil {
		return nil, err
	}
	return base.Decode(lines)
}

// xlsxReader reads the sheets of one workbook.
type xlsxReader struct {
	data     []byte
	archive  *archive
	workbook *workbook
	options  Options
	formats  numberFormats
	quick    bool           // shared holds all shared strings, so that sheets can be read quickly
	shared   []string       // for quick reading
	strings  *sharedStrings // for careful reading; nil until that is needed
}

// prepare reads what all sheets share.
func (rd *xlsxReader) prepare() (err error) {
	if !rd.options.careful {
		rd.shared, err = quickStrings(rd.workbook.strings)
		rd.quick = err == nil
	}
	if !rd.quick {
		if rd.strings, err = readSharedStrings(rd.workbook.strings); err != nil {
			return err
		}
	}
	rd.formats, err = readNumberFormats(rd.workbook.styles)
	return err
}

// read gives the rows of a sheet, in their order, to the function that begin returns. It begins anew
// where the quick reading gives up.
func (rd *xlsxReader) read(s *sheet, begin func() func(record) error) (layout, error) {
	if rd.quick && rd.archive.finds(rd.workbook, s) {
		shown, err := rd.readQuickly(s, begin())
		if !errors.Is(err, errUnknown) {
			return shown, err
		}
	}
	if rd.strings == nil {
		var err error
		if rd.strings, err = readSharedStrings(rd.workbook.strings); err != nil {
			return layout{}, err
		}
	}
	c := carefulSheet{xlsxReader: rd}
	err := c.read(s, begin())
	return c.scan.layout, err
}

// readQuickly fails with errUnknown where the sheet has to be read carefully.
func (rd *xlsxReader) readQuickly(s *sheet, take func(record) error) (layout, error) {
	q, err := newQuickSheet(rd, s.part)
	if err != nil {
		return layout{}, errUnknown
	}
	for {
		rec, err := q.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return layout{}, errUnknown
		}
		if err := take(rec); err != nil {
			return layout{}, err
		}
	}
	shown, err := q.finish()
	if err != nil {
		return layout{}, errUnknown
	}
	return shown, nil
}

// special makes the cells for which the text does not count.
func (rd *xlsxReader) special(sc sheetCell) (c cell, done bool, err error) {
	if sc.style >= len(rd.formats) {
		return c, true, fmt.Errorf("it has style %d of %d", sc.style, len(rd.formats))
	}
	if sc.formula && (!sc.value || sc.text == "" && sc.kind != "str") {
		return cell{kind: cellNoFormula}, true, nil
	}
	return c, false, nil
}

// typed makes a cell of its text, which is no shared string, and its type.
func (rd *xlsxReader) typed(sc sheetCell) (cell, error) {
	text := sc.text
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
