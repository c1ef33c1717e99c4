package workbook

import (
	"taskrecon/internal/report"
	"taskrecon/internal/text"
	"taskrecon/internal/xlsx"
)

// fitted is a text as a cell can hold it, and unless it is exact one in which nothing turns the direction of what follows, so that it
// reads as it is compared. What could not be held as it is, is counted for the Summary.
func (b *book) fitted(s string, exact bool) string {
	if !exact {
		shown, changed := text.EscapeBidi(s)
		if s = shown; changed {
			b.turned++
		}
	}
	s, unfit := report.Fit(s)
	if unfit.Escaped {
		b.escaped++
	}
	if unfit.Cut {
		b.cut++
	}
	return s
}

// clean is a text as a cell can hold it, where it is ours to word and not worth a count.
func clean(s string) string {
	fitted, _ := report.Fit(s)
	return fitted
}

// printable reports whether the text is of ASCII characters that a cell shows as they are.
func printable(s string) bool {
	if len(s) > xlsx.CellUnits {
		return false
	}
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
