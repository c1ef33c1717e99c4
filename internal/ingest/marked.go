package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/task"
	"taskrecon/internal/xlsx"
)

const (
	maxComments = 2000  // of a marked sheet; further bad cells are only coloured
	maxCellText = 32767 // UTF-16 units that a workbook's cell holds
	// noText stands for what a workbook cannot show as text without hiding what is wrong with it. It is
	// an error value, so that a sheet in which it is left is refused.
	noText = "#VALUE!"
)

// CheckMarked says why WriteMarked would not or could not write to path: it takes .xlsx, and replaces a file only
// where that is asked for, and never the input itself.
func CheckMarked(path, input string, overwrite bool) error {
	if !strings.EqualFold(filepath.Ext(path), ".xlsx") {
		return fmt.Errorf("%s is not an .xlsx", path)
	}
	if there, err := os.Stat(path); err == nil {
		if source, err := os.Stat(input); err == nil && os.SameFile(there, source) {
			return fmt.Errorf("%s is the input itself", path)
		}
	}
	return checkFile(path, overwrite)
}

// WriteMarked writes the input as a workbook in which the cells with problems are coloured and say in
// a comment what is wrong. Rows of a workbook keep their numbers. All cells are text, and read again as
// what they were; where a cell's problem was that it is no text, noText stands in it.
// The file lands whole or not at all, and in the place of another only with overwrite.
func (in *Input) WriteMarked(path string, overwrite bool) (err error) {
	if in.mergedHeader {
		return errors.New("the header is merged, and a copy would hide that; unmerge it first")
	}
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	m := marker{in: in, f: f, sheet: "Tasks", header: make([]match, len(in.Columns))}
	if in.Sheet != "" && f.SetSheetName("Sheet1", in.Sheet) == nil {
		m.sheet = in.Sheet
	} else if err := f.SetSheetName("Sheet1", m.sheet); err != nil {
		return err
	}
	for i, text := range in.Columns {
		m.header[i] = matchHeader(text)
	}
	if err := m.fill(); err != nil {
		return err
	}
	out, err := atomicfile.Create(path, 0o600)
	if err != nil {
		return err
	}
	defer out.Discard() // does nothing once the file has landed
	if err := f.Write(out); err != nil {
		return err
	}
	if overwrite {
		return out.Commit()
	}
	return out.CommitNew()
}

// marker writes one marked sheet.
type marker struct {
	in               *Input
	f                *excelize.File
	sheet            string
	header           []match
	out              *excelize.StreamWriter
	plain, bold, bad int // styles
	comments         int
}

func (m *marker) fill() (err error) {
	if m.out, err = m.f.NewStreamWriter(m.sheet); err != nil {
		return err
	}
	const textFormat = 49
	fill := excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"FFC7CE"}}
	for style, s := range map[*int]*excelize.Style{
		&m.plain: {NumFmt: textFormat},
		&m.bold:  {NumFmt: textFormat, Font: &excelize.Font{Bold: true}},
		&m.bad:   {NumFmt: textFormat, Fill: fill, Font: &excelize.Font{Bold: true, Color: "9C0006"}},
	} {
		if *style, err = m.f.NewStyle(s); err != nil {
			return err
		}
	}
	at := 1
	if m.in.Sheet != "" {
		at = m.in.Header
	}
	if err := m.out.SetColWidth(1, max(1, len(m.in.Columns)), 22); err != nil {
		return err
	}
	if err := m.out.SetPanes(&excelize.Panes{Freeze: true, YSplit: at, TopLeftCell: fmt.Sprintf("A%d", at+1), ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	if err := m.row(at, m.in.Columns, m.in.Problems[:m.in.HeaderProblems], m.bold); err != nil {
		return err
	}
	for i, row := range m.in.Rows {
		number := at + 1 + i
		if m.in.Sheet != "" {
			number = row.Desired.Origin().Row
		}
		if err := m.row(number, m.texts(&row.Desired), row.Problems, m.plain); err != nil {
			return err
		}
	}
	if err := m.out.Flush(); err != nil || m.in.base == nil {
		return err
	}
	return writeBaseSheet(m.f, m.in.base.Lines)
}

// texts are the cells of a row as the user wrote them. Those that show what the base holds, which ask for
// nothing, stand in it again.
func (m *marker) texts(d *task.Desired) []string {
	texts := d.Cells()
	for i := range texts {
		if own, turned := m.in.written[d.CellAt(i)]; turned {
			texts[i] = own
		}
	}
	if d.Base == nil {
		return texts
	}
	for i, h := range m.header[:len(texts)] {
		switch {
		case h.base:
			texts[i] = m.in.base.ID
		case h.property != nil && h.pair == "" && texts[i] == "":
			if v, known := d.Base.Get(h.property); known {
				texts[i], _ = sheetText(h.property, v, false)
			}
		}
	}
	return texts
}

// row writes a row. Problems of the whole row are told at its id.
func (m *marker) row(number int, texts []string, problems []Problem, style int) error {
	notes := map[int]string{}
	hidden := map[int]bool{}
	for _, p := range problems {
		column := cmp.Or(p.Column, m.idColumn())
		notes[column] += p.Message + "\n"
		if p.untold && style != m.bold && (p.Column == 0 || m.taken(texts[column-1], column)) {
			hidden[column] = true
		}
	}
	cells := make([]any, len(texts))
	for i, text := range texts {
		cells[i] = excelize.Cell{StyleID: style, Value: text}
		note, bad := notes[i+1]
		switch {
		case hidden[i+1]:
			note += fmt.Sprintf("The cell held %q.\n", clip(text))
			text = noText
		case len(text) > maxCellText && len(utf16.Encode([]rune(text))) > maxCellText:
			note, bad, text = note+"The text is longer than a cell of a workbook may be.\n", true, noText
		case strings.ContainsFunc(text, unwritable):
			note, bad, text = note+"The text holds what no workbook can hold.\n", true, noText
		case !bad && text == "":
			cells[i] = nil
			continue
		}
		if bad {
			cells[i] = excelize.Cell{StyleID: m.bad, Value: text}
			if err := m.comment(i+1, number, note); err != nil {
				return err
			}
		}
	}
	return m.out.SetRow(fmt.Sprintf("A%d", number), cells)
}

// unwritable reports whether excelize would write another character in the place of r.
func unwritable(r rune) bool {
	return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

func (m *marker) idColumn() int {
	for i, h := range m.header {
		if h.id {
			return i + 1
		}
	}
	return 1
}

// taken reports whether text in a column would be understood, were it a cell of text.
func (m *marker) taken(text string, column int) bool {
	h := m.header[column-1]
	if blank(text) {
		return !h.id
	}
	_, err := understood(text, h, m.in.format)
	return err == nil
}

func (m *marker) comment(column, row int, text string) error {
	if m.comments++; m.comments > maxComments {
		return nil
	}
	const most = 1000
	if r := []rune(text); len(r) > most {
		text = string(r[:most]) + "…"
	}
	return m.f.AddComment(m.sheet, excelize.Comment{
		Author: "taskrecon", Cell: fmt.Sprintf("%s%d", xlsx.ColumnName(column), row),
		Paragraph: []excelize.RichTextRun{{Text: strings.TrimSpace(text)}}, Width: 320, Height: 90,
	})
}
