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
	locked           // not to be edited
	wished           // already asks for something
)

// sheetLook is what a cell looks like, and whether it can be edited.
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
	l := xlsx.Look{Family: "Calibri", Size: 11, Ink: "000000", Format: "@", Upward: "top", Wrap: s.format == wrapped, Open: s.state != locked}
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
	last := xlsx.ColumnName(len(b.columns))
	if err := b.f.AutoFilter(sheetName, fmt.Sprintf("A1:%s%d", last, max(2, len(b.rows)+1)), nil); err != nil {
		return err
	}
	for i, c := range b.columns {
		if err := b.validate(i+1, c); err != nil {
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
	return nil // without protection: locked cells can be neither sorted nor deleted, and the base notices what was changed by mistake
}

// validate makes a spreadsheet refuse what the column cannot take. Dates may be texts, so they are not checked.
func (b *workbookWriter) validate(number int, c sheetColumn) (err error) {
	p := c.property
	if !c.open() || p.Kind != task.Enum && p.Kind != task.Int32 {
		return nil
	}
	v := excelize.NewDataValidation(true)
	name, end := xlsx.ColumnName(number), min(maxRows, max(len(b.rows)+1, spareRows)+spareRows)
	v.Sqref = b.rowsWith(p, name, end)
	message := "Choose one of the list, or leave the cell blank to leave the property as it is."
	if p.Kind == task.Enum {
		err = v.SetDropList(p.Members)
	} else {
		message = "Write a whole number, or leave the cell blank to leave the property as it is."
		err = v.SetRange(math.MinInt32, math.MaxInt32, excelize.DataValidationTypeWhole, excelize.DataValidationOperatorBetween)
	}
	if err != nil {
		return err
	}
	v.SetError(excelize.DataValidationErrorStyleStop, p.Name, message)
	return b.f.AddDataValidation(sheetName, v)
}

// mostRanges is how many ranges of rows a drop-down list is given at most.
const mostRanges = 500

// rowsWith are the cells of a column in rows whose kind of task has the property, and in those below the data. Where these are too many
// ranges, it is the whole column.
func (b *workbookWriter) rowsWith(p *task.Property, column string, end int) string {
	var ranges []string
	from := 0 // row at which a range begins, or 0
	for i := 0; i <= len(b.rows); i++ {
		has := i == len(b.rows) || b.rows[i].Kind == nil || b.rows[i].Kind.Has(p)
		switch {
		case has && from == 0:
			from = i + 2
		case !has && from > 0:
			ranges, from = append(ranges, fmt.Sprintf("%s%d:%s%d", column, from, column, i+1)), 0
		}
	}
	ranges = append(ranges, fmt.Sprintf("%s%d:%s%d", column, from, column, end))
	if len(ranges) > mostRanges {
		return fmt.Sprintf("%s2:%s%d", column, column, end)
	}
	return strings.Join(ranges, " ")
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
		return "Names the task; do not edit."
	case c.current:
		return "What " + p.Name + " was when this sheet was made, for comparison. It is not read."
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
