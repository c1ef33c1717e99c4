package xlsx

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// CellUnits is how many UTF-16 units a cell holds.
const CellUnits = 32767

// Cut returns s, or of one that is longer than a cell may be, as much as there is room for before a mark, which is made of the number of
// characters that are missing.
func Cut(s string, mark func(missing int) string) (fitted string, cut bool) {
	if len(s) <= CellUnits || units(s) <= CellUnits {
		return s, false
	}
	room := CellUnits - units(mark(len(s)))
	used := 0
	for i, r := range s {
		if used += width16(r); used > room {
			return s[:i] + mark(utf8.RuneCountInString(s[i:])), true
		}
	}
	return s, false
}

// units is the length of a text in UTF-16 units, by which spreadsheets count.
func units(s string) int {
	n := 0
	for _, r := range s {
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

// lostEscape matches what excelize takes for an escaped character and writes as something else: half a character, or two escapes that
// share an underscore.
var lostEscape = regexp.MustCompile(`(?i)_x(d[89a-f][0-9a-f]{2}|[0-9a-f]{4}_x[0-9a-f]{4})_`)

// CellText is a text as a cell of an excelize.StreamWriter takes it, so that it reads as the same text: a string, or where excelize would
// write another text, runs of which none looks like an escape.
func CellText(s string) any {
	if !strings.Contains(s, "_x") || !lostEscape.MatchString(s) {
		return s
	}
	var runs []excelize.RichTextRun
	for _, part := range strings.SplitAfter(s, "_") {
		runs = append(runs, excelize.RichTextRun{Text: part})
	}
	return runs
}

// CellBytes is how many bytes a cell of this text takes in a sheet's part, or a little more.
func CellBytes(s string) int64 {
	n := 60 + len(s)
	for i := range len(s) {
		switch s[i] {
		case '<', '>', '&', '"', '\'', '\t', '\r':
			n += 4
		case '_': // may begin a run of its own
			n += 16
		}
	}
	return int64(n)
}

// Lines estimates how many lines a text takes when it is wrapped between words into a column of this
// width. A word that is wider than the column is broken.
func Lines(s string, width float64) int {
	room := width * 0.95
	if float64(2*len(s)) <= room && !strings.Contains(s, "\n") {
		return 1
	}
	n := 0
	for line := range strings.SplitSeq(s, "\n") {
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
