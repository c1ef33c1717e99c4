package workbook

import (
	"errors"
	"fmt"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
	"taskrecon/internal/xlsx"
)

// kind says how the cells of a column look and what they hold.
type kind uint8

const (
	word    kind = iota // text on one line
	prose               // text that wraps
	number              // int; 0 is written, nil is blank
	elapsed             // float64; nil is blank
	instant             // time.Time
	verdict             // diff.Outcome
	kept                // the user's text, exactly, which wraps
)

type column struct {
	header string
	width  float64
	kind   kind
}

// local is a time in the zone that the reader asked for.
type local struct{ at time.Time }

// table is a sheet of rows under a header, written as a stream, continued on "NAME 2", "NAME 3" and so
// on where a sheet is full.
type table struct {
	book    *book
	name    string
	tab     string // colour
	columns []column
	filter  bool // a plain filter, for headers that are not ours: those of an Excel table must be unique and not empty
	across  int  // printed pages beside each other; 0 is one
	hidden  bool // not shown, nor offered to be shown
	prints  bool // with the workbook; of another sheet an empty cell is printed, which is no page
	parts   []*part
}

// part is one sheet of a table.
type part struct {
	sheet  string
	stream *excelize.StreamWriter
	rows   int   // the header's among them
	size   int64 // bytes of them, or a little more
	links  []link
}

// The heights of rows, in points. Wrapped rows overlap in LibreOffice unless they say theirs.
const (
	lineHeight   = 13.2
	headerHeight = 30
)

func (b *book) table(t *table) (*table, error) {
	t.book = b
	b.tables = append(b.tables, t)
	return t, t.begin()
}

// begin starts the table's next sheet.
func (t *table) begin() error {
	p := &part{sheet: t.name}
	if n := len(t.parts) + 1; n > 1 {
		p.sheet = fmt.Sprintf("%s %d", t.name, n)
	}
	f := t.book.file
	if _, err := f.NewSheet(p.sheet); err != nil {
		return err
	}
	// Properties come before the columns in the part, so they cannot wait for the end.
	if err := f.SetSheetProps(p.sheet, &excelize.SheetPropsOptions{FitToPage: new(true), TabColorRGB: new("FF" + t.tab)}); err != nil {
		return err
	}
	if t.hidden {
		if err := xlsx.HideSheet(f, p.sheet); err != nil {
			return err
		}
	}
	stream, err := f.NewStreamWriter(p.sheet)
	if err != nil {
		return err
	}
	p.stream = stream
	t.parts = append(t.parts, p)
	p.rows = 1
	return errors.Join(
		t.setColumns(stream),
		stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}),
		stream.SetRow("A1", t.header(), excelize.RowOpts{Height: headerHeight}),
	)
}

// setColumns gives the columns their widths and looks: from the last to the first, since excelize puts what it is given last before the
// others, and alike ones at once, since each call goes over all.
func (t *table) setColumns(stream *excelize.StreamWriter) (err error) {
	for end := len(t.columns); end > 0; {
		c, first := t.columns[end-1], end
		for first > 1 && t.columns[first-2].width == c.width && t.columns[first-2].kind == c.kind {
			first--
		}
		err = errors.Join(err, stream.SetColWidth(first, end, c.width), stream.SetColStyle(first, end, t.book.style(looksOfKinds[c.kind])))
		end = first - 1
	}
	return err
}

func (t *table) header() []any {
	cells := make([]any, len(t.columns))
	for i, c := range t.columns {
		as := header
		if c.kind == number || c.kind == elapsed {
			as = headerRight
		}
		cells[i] = excelize.Cell{StyleID: t.book.style(as), Value: xlsx.CellText(t.book.fitted(c.header, true))}
	}
	return cells
}

// room is the place of the row that is written next, on a sheet that has room for it.
func (t *table) room() (spot, error) {
	p := t.parts[len(t.parts)-1]
	if p.rows >= t.book.options.SheetRows || p.size >= sheetBytes {
		if err := t.begin(); err != nil {
			return spot{}, err
		}
		p = t.parts[len(t.parts)-1]
	}
	return spot{p.sheet, p.rows + 1}, nil
}

// add writes a row: a string, int, float64, time.Time, local, diff.Outcome, linked or nil for each column. Empty texts and zero
// times are blank cells. Texts are written as such whatever they begin with: none becomes a formula.
func (t *table) add(values ...any) error {
	at, err := t.room()
	if err != nil {
		return err
	}
	p := t.parts[len(t.parts)-1]
	most := 1
	cells := make([]any, len(values))
	for i, v := range values {
		l, isLink := v.(linked)
		if isLink {
			v = l.value
		}
		text, isText := v.(string)
		if isText && text != "" {
			k := t.columns[i].kind
			if !printable(text) {
				text = t.book.fitted(text, k == kept)
			}
			if k == prose || k == kept {
				most = max(most, xlsx.Lines(text, t.columns[i].width))
			}
			v = text
		}
		p.size += xlsx.CellBytes(text)
		cells[i] = t.cellOf(v, t.columns[i].kind)
		if isLink && cells[i] != nil && len(p.links) < mostLinks {
			cells[i] = t.leads(cells[i], t.columns[i].kind)
			p.links = append(p.links, link{xlsx.Ref(i+1, at.row), l.to})
		} else if isLink {
			t.book.unlinked++
		}
	}
	p.rows++
	var o excelize.RowOpts
	if most > 1 {
		o.Height = min(lineHeight*float64(most)+1, excelize.MaxRowHeight)
	}
	t.book.queue.Add(p.stream, p.rows, cells, o)
	return nil
}

// cellOf is a value as the stream takes it. Times are cut to the second, as CSV and the Summary cut theirs: of a fraction a
// spreadsheet shows the nearest second, by which a row can seem settled after the end.
func (t *table) cellOf(v any, k kind) any {
	switch v := v.(type) {
	case int, float64:
		if k == prose { // among texts
			as := xlsx.Look{Format: countLook.Format, Rule: rule, Across: "left"}
			if _, isFloat := v.(float64); isFloat {
				as.Format = tenths
			}
			return excelize.Cell{StyleID: t.book.style(as), Value: v}
		}
	case string:
		if v == "" {
			return nil
		}
		return xlsx.CellText(v)
	case time.Time:
		if v.IsZero() {
			return nil
		}
		return v.UTC().Truncate(time.Second)
	case local:
		if v.at.IsZero() {
			return nil
		}
		y, m, d := v.at.Date()
		return time.Date(y, m, d, v.at.Hour(), v.at.Minute(), v.at.Second(), 0, time.UTC) // cells have no zone
	case diff.Outcome:
		return excelize.Cell{StyleID: t.book.style(outcomeLook(v)), Value: string(v)}
	}
	return v
}

// leads is a cell that leads somewhere.
func (t *table) leads(cell any, k kind) excelize.Cell {
	c, styled := cell.(excelize.Cell)
	as := linking(looksOfKinds[k])
	if styled { // an outcome
		as = linking(outcomeLook(diff.Outcome(c.Value.(string))))
		cell = c.Value
	}
	return excelize.Cell{StyleID: t.book.style(as), Value: cell}
}

// finish gives every sheet of the table its filter and its print set-up, and ends it. The order of the
// workbook's sheets must be final by now: names that belong to a sheet are kept by its place.
func (t *table) finish() error {
	f := t.book.file
	for i, p := range t.parts {
		if t.hidden {
			if err := p.stream.Flush(); err != nil {
				return fmt.Errorf("sheet %q: %w", p.sheet, err)
			}
			continue
		}
		last, err := excelize.CoordinatesToCellName(len(t.columns), max(p.rows, 2))
		if err != nil {
			return err
		}
		if t.filter {
			err = f.AutoFilter(p.sheet, "A1:"+last, nil)
		} else {
			err = p.stream.AddTable(&excelize.Table{
				Range: "A1:" + last, Name: fmt.Sprintf("%s_%d", t.name, i+1), StyleName: "TableStyleLight1", ShowRowStripes: new(false),
			})
		}
		titles := fmt.Sprintf("'%s'!$1:$1", p.sheet)
		if t.across > 1 {
			titles = fmt.Sprintf("'%s'!$A:$A,", p.sheet) + titles
		}
		err = errors.Join(err, t.book.printed(p.sheet, max(t.across, 1)), f.SetDefinedName(&excelize.DefinedName{
			Name: "_xlnm.Print_Titles", RefersTo: titles, Scope: p.sheet,
		}), t.book.connect(p.sheet, p.links))
		if !t.prints {
			err = errors.Join(err, t.book.printArea(p.sheet, len(t.columns)+2, len(t.columns)+2, 1))
		} else {
			err = errors.Join(err, t.book.printArea(p.sheet, 1, len(t.columns), max(p.rows, 2)))
		}
		if err = errors.Join(err, p.stream.Flush()); err != nil {
			return fmt.Errorf("sheet %q: %w", p.sheet, err)
		}
	}
	return nil
}
