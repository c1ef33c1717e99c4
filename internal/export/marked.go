package export

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/base"
	"taskrecon/internal/ingest"
	"taskrecon/internal/task"
	"taskrecon/internal/text"
	"taskrecon/internal/xlsx"
)

const (
	maxComments = 2000 // of a marked sheet; further bad cells are only coloured and listed
	maxLinks    = 5000 // of the list of problems: the time to write them grows with their square
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

// WriteMarked writes a copy of the input as a workbook in which the cells with problems are coloured and say in a comment what is wrong,
// behind a sheet that lists the problems and leads to each cell. Rows of a workbook keep their numbers, and columns their widths; the copy
// has a filter and the drop-down lists of an export. All cells are text, and read again as what they were; where a cell's problem was that
// it is no text, noText replaces it. The file lands whole or not at all, and in the place of another only with overwrite.
func WriteMarked(in *ingest.Input, path string, overwrite bool) (err error) {
	if in.MergedHeader {
		return errors.New("the header is merged, and a copy would hide that; unmerge it first")
	}
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	m := marker{in: in, f: f, styles: xlsx.NewStyles(f), sheet: "Tasks", top: 1}
	if err := f.SetSheetName("Sheet1", ingest.ProblemsSheet); err != nil {
		return err
	}
	if in.Sheet != "" {
		m.top = in.Header
		if _, err := f.NewSheet(in.Sheet); err == nil {
			m.sheet = in.Sheet
		}
	}
	if _, err := f.NewSheet(m.sheet); err != nil { // which does nothing where there is one
		return err
	}
	if err := errors.Join(m.fill(), m.list(), m.styles.Err()); err != nil {
		return err
	}
	if in.BaseLines != nil {
		if err := writeBase(f, m.styles, in.BaseLines); err != nil {
			return err
		}
	}
	out, err := atomicfile.Create(path, 0o600)
	if err != nil {
		return err
	}
	defer out.Discard() // does nothing once the file has landed
	if err := xlsx.Write(out, f, xlsx.Properties{Author: "taskrecon", At: time.Now(), Title: "Problems of " + text.Clip(in.File, 200)}); err != nil {
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
	top              int // row of the header
	out              *excelize.StreamWriter
	styles           *xlsx.Styles
	plain, head, bad int
	found            []marked
	comments         int
}

// marked is a problem and the cell at which the copy shows it.
type marked struct {
	column, row int
	message     string
}

func (m *marker) fill() (err error) {
	if m.out, err = m.f.NewStreamWriter(m.sheet); err != nil {
		return err
	}
	m.plain = m.styles.Of(sheetLook{}.look())
	m.head = m.styles.Of(sheetLook{format: heading}.look())
	m.bad = m.styles.Of(xlsx.Look{Family: "Calibri", Size: 11, Format: "@", Upward: "top", Bold: true, Fill: "FFC7CE", Ink: "9C0006"})
	if err := m.layColumns(); err != nil {
		return err
	}
	if err := m.row(m.top, m.in.Columns, m.in.Problems[:m.in.HeaderProblems], m.head); err != nil {
		return err
	}
	last := m.top
	for i, row := range m.in.Rows {
		if last = m.top + 1 + i; m.in.Sheet != "" {
			last = row.Desired.Origin().Row
		}
		if err := m.row(last, m.in.Written(&row.Desired), row.Problems, m.plain); err != nil {
			return err
		}
	}
	width := max(1, len(m.in.Columns))
	if err := m.f.AutoFilter(m.sheet, fmt.Sprintf("A%d:%s", m.top, xlsx.Ref(width, max(last, m.top+1))), nil); err != nil {
		return err
	}
	for i, name := range m.in.Columns {
		if p := task.Named(name); p != nil && p.Writable {
			if err := validate(m.f, m.sheet, rowsOf(i+1, m.top+1, last+spareRows), p); err != nil {
				return err
			}
		}
	}
	return m.out.Flush()
}

// layColumns gives columns the widths that they had, or those of an export.
func (m *marker) layColumns() (err error) {
	for i := len(m.in.Columns); i > 0; i-- { // excelize puts what it is given last before the others
		p := task.Named(m.in.Columns[i-1])
		width := columnWidth(sheetColumn{header: text.Clip(m.in.Columns[i-1], 40), property: p})
		for _, w := range m.in.Widths {
			if w.First <= i && i <= w.Last {
				width = w.Chars
			}
		}
		err = errors.Join(err, m.out.SetColWidth(i, i, width))
	}
	return errors.Join(err, m.out.SetPanes(&excelize.Panes{
		Freeze: true, YSplit: m.top, TopLeftCell: fmt.Sprintf("A%d", m.top+1), ActivePane: "bottomLeft",
	}))
}

// row writes a row. Problems of the whole row are noted at its id.
func (m *marker) row(number int, texts []string, problems []ingest.Problem, style int) error {
	notes := map[int]string{}
	hidden := map[int]bool{}
	for _, p := range problems {
		column := cmp.Or(p.Column, m.in.IDColumn, 1)
		notes[column] += p.Message + "\n"
		m.found = append(m.found, marked{column, number, p.Message})
		if p.Unseen && style != m.head && (p.Column == 0 || m.in.Takes(column, texts[column-1])) {
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
		Author: "taskrecon", Cell: xlsx.Ref(column, row),
		Paragraph: []excelize.RichTextRun{{Text: strings.TrimSpace(text.Clip(note, most))}}, Width: 320, Height: 90,
	})
}

// list writes the first sheet: a row for each problem, which leads to its cell.
func (m *marker) list() error {
	err := errors.Join(
		m.f.SetSheetProps(ingest.ProblemsSheet, &excelize.SheetPropsOptions{FitToPage: new(true)}),
		m.f.SetPageLayout(ingest.ProblemsSheet, &excelize.PageLayoutOptions{Orientation: new("landscape"), FitToWidth: new(1), FitToHeight: new(0)}))
	out, errOut := m.f.NewStreamWriter(ingest.ProblemsSheet)
	if err = errors.Join(err, errOut); err != nil {
		return err
	}
	const messageWidth = 110
	header := []any{"Cell", "Column", "Problem"}
	for i, width := range []float64{messageWidth, 28, 12} {
		err = errors.Join(err, out.SetColWidth(3-i, 3-i, width))
		header[i] = excelize.Cell{StyleID: m.head, Value: header[i]}
	}
	err = errors.Join(err, out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}), out.SetRow("A1", header))
	link := m.styles.Of(xlsx.Look{Family: "Calibri", Size: 11, Format: "@", Upward: "top", Ink: "0B5394", Underlined: true})
	wrap := m.styles.Of(sheetLook{format: wrapped}.look())
	for i, p := range m.found[:min(len(m.found), maxRows-1)] {
		at, name, message := xlsx.Ref(p.column, p.row), "", text.Clip(p.message, 2000)
		if p.column <= len(m.in.Columns) {
			name = text.Clip(m.in.Columns[p.column-1], 80)
		}
		place := excelize.Cell{StyleID: m.plain, Value: at}
		if i < maxLinks {
			place.StyleID = link
			where := fmt.Sprintf("'%s'!%s", strings.ReplaceAll(m.sheet, "'", "''"), at)
			err = errors.Join(err, m.f.SetCellHyperLink(ingest.ProblemsSheet, xlsx.Ref(1, i+2), where, "Location"))
		}
		height := excelize.RowOpts{Height: 15 * float64(xlsx.Lines(message, messageWidth))}
		err = errors.Join(err, out.SetRow(xlsx.Ref(1, i+2), []any{
			place, excelize.Cell{StyleID: m.plain, Value: safe(name)}, excelize.Cell{StyleID: wrap, Value: safe(message)},
		}, height))
	}
	return errors.Join(err, out.Flush())
}

// safe is a text of a list as a cell takes it: what no workbook can hold is shown as an escape.
func safe(s string) any {
	s, _ = text.EscapeXML(s)
	return xlsx.CellText(s)
}
