package export

import (
	"errors"
	"strconv"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/atomicfile"
	"taskrecon/internal/base"
	"taskrecon/internal/task"
	"taskrecon/internal/xlsx"
)

const (
	sheetName = "Tasks"
	maxRows   = 1048576 // of a workbook's sheet
	mostLines = 4       // of a row that wraps
	spareRows = 1000    // below the data that take drop-down lists, for rows that are added
)

// workbookWriter writes a sheetWriter's sheet as a workbook.
type workbookWriter struct {
	*sheetWriter
	f      *excelize.File
	out    *excelize.StreamWriter
	styles *xlsx.Styles
}

func (w *sheetWriter) writeXLSX(path string) (files []string, err error) {
	f := excelize.NewFile()
	defer func() { err = errors.Join(err, f.Close()) }()
	b := &workbookWriter{sheetWriter: w, f: f, styles: xlsx.NewStyles(f)}
	if err := b.fill(); err != nil {
		return nil, err
	}
	out, err := atomicfile.Create(path, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Discard() // does nothing once the file has landed
	if err := xlsx.Write(out, f, w.properties()); err != nil {
		return nil, err
	}
	if err := w.land(out); err != nil {
		return nil, err
	}
	return []string{path}, nil
}

func (b *workbookWriter) fill() error {
	if err := b.f.SetSheetName("Sheet1", sheetName); err != nil {
		return err
	}
	err := errors.Join(b.fillTasks(), b.styles.Err())
	if err != nil || b.options.Template {
		return err
	}
	return writeBase(b.f, b.styles, b.lines)
}

func (w *sheetWriter) properties() xlsx.Properties {
	p := xlsx.Properties{Author: "taskrecon", Title: "Microsoft Intune security tasks", At: w.options.Source.At}
	if p.At.IsZero() { // of a template
		p.At = time.Now()
	}
	if tenant := w.options.Source.Tenant; tenant != "" {
		p.Description = "Tasks of the tenant " + tenant
	}
	return p
}

// fillTasks keeps to excelize's order: columns and panes before the first row, all else before Flush.
func (b *workbookWriter) fillTasks() (err error) {
	if b.out, err = b.f.NewStreamWriter(sheetName); err != nil {
		return err
	}
	if err := b.layColumns(); err != nil {
		return err
	}
	header := make([]any, len(b.columns))
	for i, c := range b.columns {
		header[i] = excelize.Cell{StyleID: b.styles.Of(headerLook(c).look()), Value: c.header}
	}
	if err := b.out.SetRow("A1", header, excelize.RowOpts{Height: 33}); err != nil {
		return err
	}
	for i, row := range b.rows {
		if err := b.row(i+2, row); err != nil {
			return err
		}
	}
	if err := b.furnish(); err != nil {
		return err
	}
	return b.out.Flush()
}

// row writes one task. A blank cell is left out, and has the look of its column.
func (b *workbookWriter) row(number int, row Row) error {
	shown, err := b.show(row)
	if err != nil {
		return err
	}
	cells, lines := make([]any, len(shown)), 1
	for i, s := range shown {
		if p := b.columns[i].property; row.Kind != nil && p != nil && p != task.Note && !row.Kind.Has(p) {
			cells[i] = excelize.Cell{StyleID: b.styles.Of(sheetLook{plainText, locked}.look())}
			continue
		}
		if s.text == "" {
			continue
		}
		look := lookOf(b.columns[i])
		if s.wish {
			look.state = wished
		}
		cells[i] = excelize.Cell{StyleID: b.styles.Of(look.look()), Value: b.value(b.columns[i].property, s)}
		if look.format == wrapped {
			lines = max(lines, min(mostLines, xlsx.Lines(s.text, columnWidth(b.columns[i]))))
		}
	}
	var o excelize.RowOpts
	if lines > 1 {
		o.Height = float64(lines) * 15
	}
	return b.out.SetRow("A"+strconv.Itoa(number), cells, o)
}

// value is the cell's text, or a number or a date. A date cell shows the second of what the base holds, which knows the rest; one that asks
// for something means exactly that.
func (b *workbookWriter) value(p *task.Property, s shownCell) any {
	switch {
	case p == nil:
	case p.Kind == task.Int32:
		if n, err := strconv.ParseInt(s.text, 10, 32); err == nil && strconv.FormatInt(n, 10) == s.text {
			return n
		}
	case p.Kind == task.DateTime:
		if wall, ok := base.Wall(s.value, b.zone); ok && (!s.wish || exact(p, wall, s.value, b.zone)) {
			return serialOf(wall)
		}
	}
	return xlsx.CellText(s.text)
}

// exact reports whether the date cell of a wall clock reads again as that value.
func exact(p *task.Property, wall time.Time, v task.Value, zone *time.Location) bool {
	t, err := (task.Format{Zone: zone}).InZone(wall)
	return err == nil && p.Equal(task.Text(task.FormatTime(t)), v)
}

// serialOf is the day number of a wall clock, rounded up to a part of a second: LibreOffice shows 00:59:59 for a number that
// is a microsecond less than 01:00:00, and excelize cuts numbers off behind 15 digits.
func serialOf(wall time.Time) float64 {
	const day, parts = 24 * 60 * 60, 1e9
	seconds := wall.Unix() - time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC).Unix()
	return float64(seconds/day*parts+(seconds%day*parts+day-1)/day) / parts
}

// writeBase adds a base to a workbook, in a sheet that spreadsheets neither show nor offer to show. A line
// is a row; one that is too long for a cell goes on in the cells beside it. Sheets that were streamed must be flushed.
func writeBase(f *excelize.File, styles *xlsx.Styles, lines []string) error {
	if _, err := f.NewSheet(base.Name); err != nil {
		return err
	}
	if err := xlsx.HideSheet(f, base.Name); err != nil {
		return err
	}
	out, err := f.NewStreamWriter(base.Name)
	if err != nil {
		return err
	}
	style := styles.Of(xlsx.Look{Format: "@"})
	for i, line := range lines {
		var cells []any
		for _, part := range base.Chunks(line) {
			cells = append(cells, excelize.Cell{StyleID: style, Value: xlsx.CellText(part)})
		}
		if err := out.SetRow(xlsx.Ref(1, i+1), cells); err != nil {
			return err
		}
	}
	return errors.Join(out.Flush(), styles.Err())
}
