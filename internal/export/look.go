package export

import (
	"fmt"
	"math"
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
	case p.Kind == task.Settings, p == task.Description, p == task.Insights, p == task.CreatorNotes:
		look.format = wrapped
	}
	return look
}

func headerLook(c sheetColumn) sheetLook { return sheetLook{format: heading, state: lookOf(c).state} }

// makeStyles makes all looks. The contrast of each pair of colours is at least 6 to 1.
func (b *workbookWriter) makeStyles() (err error) {
	b.styles = map[sheetLook]int{}
	for format := plainText; format <= heading; format++ {
		for state := open; state <= wished; state++ {
			if b.styles[sheetLook{format, state}], err = b.f.NewStyle(style(format, state)); err != nil {
				return err
			}
		}
	}
	for _, c := range b.columns {
		b.looks = append(b.looks, lookOf(c))
	}
	return nil
}

func style(format cellFormat, state cellState) *excelize.Style {
	const text, number = 49, 1 // "@" and "0"
	s := &excelize.Style{
		NumFmt:     text,
		Alignment:  &excelize.Alignment{Vertical: "top", WrapText: format == wrapped},
		Protection: &excelize.Protection{Locked: state == locked},
	}
	fill, font, edge := "", "000000", "D0D0D0"
	switch state {
	case locked:
		fill, font = "F2F2F2", "505050"
	case wished:
		fill, edge = "FFEB9C", "B08000"
	}
	switch format {
	case wholeNumber:
		s.NumFmt, s.Alignment.Horizontal, s.Alignment.Indent = number, "right", 1
	case dateTime:
		pattern := "yyyy-mm-dd hh:mm:ss"
		s.NumFmt, s.CustomNumFmt, s.Alignment.Horizontal = 0, &pattern, "left"
	case heading:
		fill, font = "1F4E78", "FFFFFF"
		if state == locked {
			fill = "595959"
		}
		s.Alignment = &excelize.Alignment{Vertical: "center", WrapText: true}
		s.Protection.Locked = true
	}
	s.Font = &excelize.Font{Family: "Calibri", Size: 11, Color: font, Bold: format == heading}
	if fill != "" {
		s.Fill = excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{fill}}
		for _, side := range []string{"left", "right", "top", "bottom"} {
			s.Border = append(s.Border, excelize.Border{Type: side, Color: edge, Style: 1})
		}
	}
	return s
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
// Columns beside the table are for people's own notes.
func (b *workbookWriter) layColumns() error {
	for i, c := range b.columns {
		if err := b.out.SetColStyle(i+1, i+1, b.styles[b.looks[i]]); err != nil {
			return err
		}
		if err := b.out.SetColWidth(i+1, i+1, columnWidth(c)); err != nil {
			return err
		}
	}
	const own = 20
	if err := b.out.SetColStyle(len(b.columns)+1, len(b.columns)+own, b.styles[sheetLook{plainText, open}]); err != nil {
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
	// Without a password: it guards against slips, not against people.
	return b.f.ProtectSheet(sheetName, &excelize.SheetProtectionOptions{
		AutoFilter: true, Sort: true, SelectLockedCells: true, SelectUnlockedCells: true,
		FormatCells: true, FormatColumns: true, FormatRows: true,
		InsertColumns: true, InsertRows: true, DeleteColumns: true, DeleteRows: true,
	})
}

// validate makes a spreadsheet refuse what the column cannot take. Dates may be texts, so they are not checked.
func (b *workbookWriter) validate(number int, c sheetColumn) (err error) {
	p := c.property
	if !c.open() || p.Kind != task.Enum && p.Kind != task.Int32 {
		return nil
	}
	v := excelize.NewDataValidation(true)
	name, end := xlsx.ColumnName(number), min(maxRows, max(len(b.rows)+1, spareRows)+spareRows)
	v.Sqref = fmt.Sprintf("%s2:%s%d", name, name, end)
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

// note says at the header what a column takes.
func (b *workbookWriter) note(c sheetColumn) string {
	p := c.property
	switch {
	case c.base:
		return "Ties the row to what was exported (hidden sheet). Leave it; blank it to ask for every value of the row. (The sheet's protection has no password.)"
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
