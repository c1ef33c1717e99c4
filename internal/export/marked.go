package export

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/base"
	"taskrecon/internal/ingest"
	"taskrecon/internal/text"
	"taskrecon/internal/xlsx"
)

const (
	maxComments = 2000 // of a marked sheet; further bad cells are only coloured
	// noText replaces what a workbook cannot show as text without hiding what is wrong with it. It is
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
// what they were; where a cell's problem was that it is no text, noText replaces it.
// The file lands whole or not at all, and in the place of another only with overwrite.
func WriteMarked(in *ingest.Input, path string, overwrite bool) (err error) {
	if in.MergedHeader {
		return errors.New("the header is merged, and a copy would hide that; unmerge it first")
	}
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	m := marker{in: in, f: f, styles: xlsx.NewStyles(f), sheet: "Tasks"}
	if in.Sheet != "" && f.SetSheetName("Sheet1", in.Sheet) == nil {
		m.sheet = in.Sheet
	} else if err := f.SetSheetName("Sheet1", m.sheet); err != nil {
		return err
	}
	if err := m.fill(); err != nil {
		return err
	}
	out, err := atomicfile.Create(path, 0o600)
	if err != nil {
		return err
	}
	defer out.Discard() // does nothing once the file has landed
	if err := xlsx.Write(out, f, xlsx.Properties{Author: "taskrecon"}); err != nil {
		return err
	}
	if overwrite {
		return out.Commit()
	}
	return out.CommitNew()
}

// marker writes one marked sheet.
type marker struct {
	in               *ingest.Input
	f                *excelize.File
	sheet            string
	out              *excelize.StreamWriter
	styles           *xlsx.Styles
	plain, bold, bad int
	comments         int
}

func (m *marker) fill() (err error) {
	if m.out, err = m.f.NewStreamWriter(m.sheet); err != nil {
		return err
	}
	m.plain = m.styles.Of(xlsx.Look{Format: "@"})
	m.bold = m.styles.Of(xlsx.Look{Format: "@", Bold: true})
	m.bad = m.styles.Of(xlsx.Look{Format: "@", Bold: true, Fill: "FFC7CE", Ink: "9C0006"})
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
		if err := m.row(number, m.in.Written(&row.Desired), row.Problems, m.plain); err != nil {
			return err
		}
	}
	if err := errors.Join(m.out.Flush(), m.styles.Err()); err != nil || m.in.BaseLines == nil {
		return err
	}
	return writeBase(m.f, m.styles, m.in.BaseLines)
}

// row writes a row. Problems of the whole row are noted at its id.
func (m *marker) row(number int, texts []string, problems []ingest.Problem, style int) error {
	notes := map[int]string{}
	hidden := map[int]bool{}
	for _, p := range problems {
		column := cmp.Or(p.Column, m.in.IDColumn, 1)
		notes[column] += p.Message + "\n"
		if p.Unseen && style != m.bold && (p.Column == 0 || m.in.Takes(column, texts[column-1])) {
			hidden[column] = true
		}
	}
	cells := make([]any, len(texts))
	for i, held := range texts {
		cells[i] = excelize.Cell{StyleID: style, Value: xlsx.CellText(held)}
		note, bad := notes[i+1]
		switch {
		case hidden[i+1]:
			note += fmt.Sprintf("The cell held %q.\n", text.Clip(held, 80))
			held = noText
		case len(held) > base.MaxCellText && len(utf16.Encode([]rune(held))) > base.MaxCellText:
			note, bad, held = note+"The text is longer than a cell of a workbook may be.\n", true, noText
		case strings.ContainsFunc(held, base.Unwritable):
			note, bad, held = note+"The text holds what no workbook can hold.\n", true, noText
		case !bad && held == "":
			cells[i] = nil
			continue
		}
		if bad {
			cells[i] = excelize.Cell{StyleID: m.bad, Value: xlsx.CellText(held)}
			if err := m.comment(i+1, number, note); err != nil {
				return err
			}
		}
	}
	return m.out.SetRow(fmt.Sprintf("A%d", number), cells)
}

func (m *marker) comment(column, row int, note string) error {
	if m.comments++; m.comments > maxComments {
		return nil
	}
	const most = 1000
	return m.f.AddComment(m.sheet, excelize.Comment{
		Author: "taskrecon", Cell: fmt.Sprintf("%s%d", xlsx.ColumnName(column), row),
		Paragraph: []excelize.RichTextRun{{Text: strings.TrimSpace(text.Clip(note, most))}}, Width: 320, Height: 90,
	})
}
