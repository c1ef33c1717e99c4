package workbook

import (
	"errors"
	"fmt"

	"github.com/xuri/excelize/v2"
)

// mostLinks is how many cells of a sheet lead elsewhere: the time to write them grows with their square. Beyond it
// the filter finds a row's other places by its number.
const mostLinks = 5_000

// spot is a row to which others link; the zero value is none.
type spot struct {
	sheet string
	row   int
}

// linked is a cell's value that leads to a row elsewhere.
type linked struct {
	value any
	to    spot
}

// leading is the value, linked where there is a row to lead to.
func leading(value any, to spot) any {
	if to.row == 0 {
		return value
	}
	return linked{value, to}
}

type link struct {
	cell string
	to   spot
}

// connect makes the links of a sheet. Names of sheets are ours, so they need no escaping but the quotes.
func (b *book) connect(sheet string, links []link) error {
	var errs error
	for _, l := range links {
		tip := fmt.Sprintf("to row %d of %s", l.to.row, l.to.sheet)
		where := fmt.Sprintf("'%s'!A%d", l.to.sheet, l.to.row)
		errs = errors.Join(errs, b.file.SetCellHyperLink(sheet, l.cell, where, "Location", excelize.HyperlinkOpts{Tooltip: &tip}))
	}
	return errs
}

// absolute is the address of a cell as names hold it.
func absolute(sheet, column string, row int) string {
	return fmt.Sprintf("'%s'!$%s$%d", sheet, column, row)
}
