package export

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"taskrecon/internal/task"
	"taskrecon/internal/xlsx"
)

type cellFormat uint8

const (
	plainText cellFormat = iota
	wrapped              // text of many lines
	wholeNumber
	dateTime
	heading
)

type cellState uint8

const (
	open   cellState = iota
	locked           // not for edits
	wished           // already asks for something
)

// sheetLook is what a cell looks like.
type sheetLook struct {
	format cellFormat
	state  cellState
}

func lookOf(c sheetColumn) sheetLook {
	look := sheetLook{state: locked}
	if c.open() {
		look.state = open
	}
	switch p := c.property; {
	case p == nil:
	case p.Kind == task.DateTime:
		look.format = dateTime
	case p.Kind == task.Int32:
		look.format = wholeNumber
	case p.Kind == task.Settings || p.Kind == task.Devices || p.Kind == task.String && !p.OneLine():
		look.format = wrapped
	}
	return look
}

func headerLook(c sheetColumn) sheetLook { return sheetLook{format: heading, state: lookOf(c).state} }

// look is how such a cell is drawn. The contrast of each pair of colours is at least 6 to 1.
func (s sheetLook) look() xlsx.Look {
	l := xlsx.Look{Family: "Calibri", Size: 11, Ink: "000000", Format: "@", Upward: "top", Wrap: s.format == wrapped}
	switch s.state {
	case locked:
		l.Fill, l.Ink, l.Edge = "F2F2F2", "505050", "D0D0D0"
	case wished:
		l.Fill, l.Edge = "FFEB9C", "B08000"
	}
	switch s.format {
	case wholeNumber:
		l.Format, l.Across, l.Indent = "0", "right", 1
	case dateTime:
		l.Format, l.Across = "yyyy-mm-dd hh:mm:ss", "left"
	case heading:
		l = xlsx.Look{Family: l.Family, Size: l.Size, Ink: "FFFFFF", Fill: "1F4E78", Edge: "D0D0D0", Format: "@", Upward: "center", Wrap: true, Bold: true}
		if s.state == locked {
			l.Fill = "595959"
		}
	}
	return l
}

func columnWidth(c sheetColumn) float64 {
	p, name := c.property, c.header
	if c.current {
		name = p.Name // "Current" is on a line of its own
	}
	width := 24
	switch {
	case c.base:
		width = 19
	case c.kind:
		width = 26
	case p == nil:
		width = 38
	case lookOf(c).format == wrapped:
		width = 50
	case p == task.DisplayName:
		width = 36
	case p.Kind == task.DateTime:
		width = 20
	case p.Kind == task.Enum:
		for _, m := range p.Members {
			width = max(14, width, len(m)+3)
		}
	}
	return float64(max(width, len(name)+5)) // with room for the filter's arrow
}

// layColumns gives the columns their looks, below the data too, and freezes the header and the first columns.
// Columns beside the table are for people's own notes. excelize puts what it is given last before the others.
func (b *workbookWriter) layColumns() error {
	const own = 20
	err := b.out.SetColStyle(len(b.columns)+1, len(b.columns)+own, b.styles.Of(sheetLook{plainText, open}.look()))
	for i, c := range slices.Backward(b.columns) {
		err = errors.Join(err, b.out.SetColWidth(i+1, i+1, columnWidth(c)), b.out.SetColStyle(i+1, i+1, b.styles.Of(lookOf(c).look())))
	}
	if err != nil {
		return err
	}
	still := 1
	if len(b.columns) > 1 && b.columns[1].property == task.DisplayName && !b.columns[1].current {
		still = 2
	}
	return b.out.SetPanes(&excelize.Panes{
		Freeze: true, XSplit: still, YSplit: 1, TopLeftCell: xlsx.ColumnName(still+1) + "2", ActivePane: "bottomRight",
	})
}

// furnish adds what excelize keeps beside the rows.
func (b *workbookWriter) furnish() error {
	err := b.f.AutoFilter(sheetName, fmt.Sprintf("A1:%s%d", xlsx.ColumnName(len(b.columns)), max(2, len(b.rows)+1)), nil)
	if err != nil {
		return err
	}
	for i, c := range b.columns {
		last := max(len(b.rows)+1, spareRows) + spareRows // for rows that are added
		switch {
		case c.property == nil && !c.base && !c.kind && len(b.rows) > 0:
			err = validate(b.f, sheetName, rowsOf(i+1, 2, len(b.rows)+1), nil)
		case c.open():
			err = validate(b.f, sheetName, b.rowsWith(i+1, last, c.property), c.property)
		}
		if err != nil {
			return err
		}
		note := excelize.Comment{
			Author: "taskrecon", Cell: xlsx.ColumnName(i+1) + "1", Width: 320, Height: 110,
			Paragraph: []excelize.RichTextRun{{Text: b.note(c)}},
		}
		if err := b.f.AddComment(sheetName, note); err != nil {
			return err
		}
	}
	return nil
}

// validate makes a spreadsheet refuse what is typed into a column that cannot take it. Dates may be texts, so they are not checked. The
// sheet is not protected, since its rows are to be sorted and deleted; a row is tied to its task by the base.
func validate(f *excelize.File, sheet, cells string, p *task.Property) (err error) {
	v := excelize.NewDataValidation(true)
	v.Sqref = cells
	title, message := task.IDName, "The id names the task of this row. Do not edit it; delete the row if nothing is to change."
	switch {
	case p == nil:
		v.Type, v.Formula1 = "custom", "FALSE"
	case p.Kind == task.Enum:
		title, message = p.Name, "Choose one of the list, or leave the cell blank to leave the property as it is."
		err = v.SetDropList(p.Members)
	case p.Kind == task.Int32:
		title, message = p.Name, "Write a whole number, or leave the cell blank to leave the property as it is."
		err = v.SetRange(math.MinInt32, math.MaxInt32, excelize.DataValidationTypeWhole, excelize.DataValidationOperatorBetween)
	default:
		return nil
	}
	if err != nil {
		return err
	}
	v.SetError(excelize.DataValidationErrorStyleStop, title, message)
	return f.AddDataValidation(sheet, v)
}

// mostRanges is how many ranges of rows a drop-down list is given at most.
const mostRanges = 500

// rowsOf are the cells of a column in some rows.
func rowsOf(column, first, last int) string {
	return xlsx.Ref(column, first) + ":" + xlsx.Ref(column, min(maxRows, last))
}

// rowsWith are the cells of a column in rows whose kind of task has the property, and in those below the data. Where these are too many
// ranges, it is the whole column.
func (b *workbookWriter) rowsWith(column, last int, p *task.Property) string {
	var ranges []string
	from := 0 // row at which a range begins, or 0
	for i := 0; i <= len(b.rows); i++ {
		has := i == len(b.rows) || b.rows[i].Kind == nil || b.rows[i].Kind.Has(p)
		switch {
		case has && from == 0:
			from = i + 2
		case !has && from > 0:
			ranges, from = append(ranges, rowsOf(column, from, i+1)), 0
		}
	}
	if len(ranges) >= mostRanges {
		return rowsOf(column, 2, last)
	}
	return strings.Join(append(ranges, rowsOf(column, from, last)), " ")
}

// note says at the header what a column takes.
func (b *workbookWriter) note(c sheetColumn) string {
	p := c.property
	switch {
	case c.base:
		return "Ties the row to what was exported (hidden sheet). Leave it; blank it to ask for every value of the row."
	case c.kind:
		return "The kind of the task. It is not read."
	case p == nil:
		return "Names the task; do not edit. Rows can be sorted, and deleted to leave their tasks as they are."
	case c.current:
		when := " was when this sheet was made"
		if b.options.Source.Undoes != "" {
			when = " was after the run that this sheet takes back"
		}
		return "What " + p.Name + when + ", for comparison. It is not read."
	case !p.Writable:
		return "Read-only. It is not sent."
	}
	takes := "Text."
	switch p.Kind {
	case task.Enum:
		takes = "One of: " + strings.Join(p.Members, ", ") + "."
	case task.DateTime:
		takes = "A date, in the time zone " + b.zone.String() + ", or a text such as 2026-01-02T15:04:05Z."
	case task.Int32:
		takes = "A whole number."
	case task.Settings:
		takes = `One name=value a line, or a JSON array of {"name": ..., "value": ...}; the whole collection is replaced.`
	}
	if p.Clearable() {
		return takes + " Blank leaves it as it is; " + task.Clear + " empties it."
	}
	return takes + " Blank leaves it as it is; it cannot be emptied."
}
