package report

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// cellUnits is how many UTF-16 units a cell holds.
const cellUnits = excelize.TotalCellChars

// fit returns text as a cell can hold it. Characters that XML has no place for become a visible
// escape such as \u0007, and what goes beyond a cell's length is cut with a mark that says so.
func fit(text string) (fitted string, escaped, cut bool) {
	fitted, escaped = visible(text)
	fitted, cut = shorten(fitted)
	return fitted, escaped, cut
}

func visible(text string) (string, bool) {
	first := strings.IndexFunc(text, unfit)
	if first < 0 && utf8.ValidString(text) {
		return text, false
	}
	var out strings.Builder
	escaped := false
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&out, `\x%02x`, text[i])
			escaped = true
		case unfit(r):
			fmt.Fprintf(&out, `\u%04x`, r)
			escaped = true
		default:
			out.WriteRune(r)
		}
		i += size
	}
	return out.String(), escaped
}

// unfit reports whether XML 1.0 cannot hold the character in any form.
func unfit(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

// unturned shows the characters that turn the direction of the text around them as escapes: with them a cell can read as
// something that it does not hold.
func unturned(text string) (string, bool) {
	if !strings.ContainsFunc(text, turns) {
		return text, false
	}
	var out strings.Builder
	for _, r := range text {
		if turns(r) {
			fmt.Fprintf(&out, `\u%04x`, r)
		} else {
			out.WriteRune(r)
		}
	}
	return out.String(), true
}

// turns reports whether the character makes what follows it run in another direction than it reads.
func turns(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

func shorten(text string) (string, bool) {
	if len(text) <= cellUnits || units(text) <= cellUnits {
		return text, false
	}
	mark := func(n int) string { return fmt.Sprintf("… [cut: %d characters, see the ledger]", n) }
	room := cellUnits - units(mark(len(text)))
	used := 0
	for i, r := range text {
		if used += width16(r); used > room {
			return text[:i] + mark(utf8.RuneCountInString(text[i:])), true
		}
	}
	return text, false
}

// units is the length of text in UTF-16 units, by which spreadsheets count.
func units(text string) int {
	n := 0
	for _, r := range text {
		n += width16(r)
	}
	return n
}

func width16(r rune) int {
	if r > 0xFFFF {
		return 2
	}
	return 1
}

// lines estimates how many lines text takes when it is wrapped between words into a column of this
// width. A word that is wider than the column is broken.
func lines(text string, width float64) int {
	room := width * 0.95
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		used := 0.0
		for word := range strings.SplitAfterSeq(line, " ") {
			wide := 0.0
			for _, r := range strings.TrimSuffix(word, " ") {
				wide += advance(r)
			}
			if used > 0 && used+wide > room {
				n++
				used = 0
			}
			// A word that is broken leaves part of its lines empty: it breaks at its own commas and slashes.
			for ; wide > room; wide -= room * 0.8 {
				n++
			}
			used += wide + advance(' ')
		}
	}
	return n
}

// advance is about how wide a character is, in digits, by which the widths of columns are measured.
func advance(r rune) float64 {
	switch {
	case r >= 0x1100: // the wide scripts
		return 2
	case r >= 'A' && r <= 'Z', r == '@', r == '%', r >= 0x80:
		return 1.25
	case r >= '0' && r <= '9', r == '_', r == '=':
		return 1
	}
	return 0.82
}

// plural writes a count with its noun: "1 row", "2 rows", "1,000 rows".
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// grouped writes a count with its thousands apart.
func grouped(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0 && digits[i-1] != '-'; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}
