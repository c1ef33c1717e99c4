package report

import (
	"errors"
	"fmt"
	"time"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/diff"
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
	parts   []*part
	cells   []any // of the row at hand, used again for the next
}

// part is one sheet of a table.
type part struct {
	sheet  string
	stream *excelize.StreamWriter
	rows   int       // the header's among them
	below  *rowSpool // the header
	links  []link
}

// The heights of rows, in points. Wrapped rows overlap in LibreOffice unless they say theirs.
const (
	lineHeight   = 13.2
	mostLines    = 24
	headerHeight = 30
)

func (b *book) table(t *table) (*table, error) {
	t.book = b
	t.cells = make([]any, len(t.columns))
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
	// Properties stand before the columns in the part, so they cannot wait for the end.
	if err := f.SetSheetProps(p.sheet, &excelize.SheetPropsOptions{FitToPage: new(true), TabColorRGB: &t.tab}); err != nil {
		return err
	}
	if t.hidden {
		f.WorkBook.Sheets.Sheet[len(t.book.sheets)].State = "veryHidden" // SetSheetVisible would read the sheets that are streamed
		if err := f.ProtectSheet(p.sheet, &excelize.SheetProtectionOptions{SelectLockedCells: true}); err != nil {
			return err
		}
	}
	stream, err := f.NewStreamWriter(p.sheet)
	if err != nil {
		return err
	}
	p.stream = stream
	t.parts = append(t.parts, p)
	t.book.sheets = append(t.book.sheets, p.sheet)
	header, styles := make([]any, len(t.columns)), make([]int, len(t.columns))
	for i, c := range t.columns {
		styles[i] = t.style(c.kind)
		err = errors.Join(err, stream.SetColWidth(i+1, i+1, c.width), stream.SetColStyle(i+1, i+1, styles[i]))
		style := t.book.styles.header
		if c.kind == number || c.kind == elapsed {
			style = t.book.styles.headerRight
		}
		header[i] = excelize.Cell{StyleID: style, Value: t.book.cell(c.header)}
	}
	if err = errors.Join(err, stream.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})); err != nil {
		return err
	}
	p.rows, p.below = 1, newRowSpool(styles)
	return stream.SetRow("A1", header, excelize.RowOpts{Height: headerHeight})
}

func (t *table) style(k kind) int {
	st := &t.book.styles
	switch k {
	case prose, kept:
		return st.wrap
	case number:
		return st.number
	case elapsed:
		return st.elapsed
	case instant:
		return st.time
	}
	return st.text
}

// room is the place of the row that is written next, on a sheet that has room for it.
func (t *table) room() (spot, error) {
	p := t.parts[len(t.parts)-1]
	if p.rows >= t.book.limits.rows || p.below.bytes() >= t.book.limits.bytes {
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
	for i, v := range values {
		l, isLink := v.(linked)
		if isLink {
			v = l.value
		}
		text, isText := v.(string)
		if isText && text != "" {
			if t.columns[i].kind != kept {
				text = t.book.straight(text)
			}
			text = t.book.cell(text)
			if k := t.columns[i].kind; k == prose || k == kept {
				most = max(most, lines(text, t.columns[i].width))
			}
			v = text
		}
		t.cells[i] = t.cellOf(v)
		if isLink && t.cells[i] != nil && len(p.links) < mostLinks {
			t.cells[i] = t.underlined(v)
			p.links = append(p.links, link{cellName(i+1, at.row), l.to})
		} else if isLink {
			t.book.unlinked++
		}
	}
	p.rows++
	height := 0.0
	if most > 1 {
		height = min(lineHeight*float64(min(most, mostLines))+1, excelize.MaxRowHeight)
	}
	return p.below.row(p.rows, height, t.cells[:len(values)])
}

// cellOf is a value as the stream takes it. Times are cut to the second, as CSV and the Summary cut theirs: of a fraction a
// spreadsheet shows the nearest second, by which a row can seem settled after the end.
func (t *table) cellOf(v any) any {
	switch v := v.(type) {
	case string:
		if v == "" {
			return nil
		}
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
		return excelize.Cell{StyleID: t.book.styles.outcome[v], Value: string(v)}
	}
	return v
}

// underlined is a value that leads somewhere.
func (t *table) underlined(v any) excelize.Cell {
	st := &t.book.styles
	switch v := v.(type) {
	case diff.Outcome:
		return excelize.Cell{StyleID: st.outcomeLink[v], Value: string(v)}
	case int:
		return excelize.Cell{StyleID: st.numberLink, Value: v}
	}
	return excelize.Cell{StyleID: st.wrapLink, Value: v}
}

// finish gives every sheet of the table its filter and its print set-up, and ends it. The order of the
// workbook's sheets must stand by now: names that belong to a sheet are kept by its place.
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
		err = errors.Join(err, t.book.printed(p.sheet, landscape, max(t.across, 1)), f.SetDefinedName(&excelize.DefinedName{
			Name: "_xlnm.Print_Titles", RefersTo: titles, Scope: p.sheet,
		}), t.book.connect(p.sheet, p.links))
		if err = errors.Join(err, p.stream.Flush()); err != nil {
			return fmt.Errorf("sheet %q: %w", p.sheet, err)
		}
	}
	return nil
}
