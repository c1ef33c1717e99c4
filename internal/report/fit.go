package report

import (
	"fmt"
	"unicode/utf8"

	"taskrecon/internal/text"
	"taskrecon/internal/xlsx"
)

// Unfit says what was done to a text that a cell cannot hold as it is.
type Unfit struct{ Escaped, Cut bool }

// Fit returns a text as a cell can hold it. Characters that XML has no place for become a visible escape such as \u0007, and what goes
// beyond a cell's length is cut with a mark that says so.
func Fit(s string) (fitted string, u Unfit) {
	fitted, u.Escaped = text.EscapeXML(s)
	fitted, u.Cut = xlsx.Cut(fitted, cutMark)
	return fitted, u
}

// Clip returns s, or of a longer text the first so many characters with a mark that says what is missing.
func Clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	n := 0
	for i := range s {
		if n++; n > most {
			return s[:i] + cutMark(utf8.RuneCountInString(s[i:]))
		}
	}
	return s
}

func cutMark(missing int) string {
	return fmt.Sprintf("… [cut: %d characters, see the ledger]", missing)
}
