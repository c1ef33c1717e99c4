package text

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// EscapeXML returns s with the characters that XML 1.0 cannot hold, and the bytes that are no UTF-8, as escapes such as \u0007 and
// \xff, and whether there are any.
func EscapeXML(s string) (escaped string, changed bool) {
	if utf8.ValidString(s) && !strings.ContainsFunc(s, unfit) {
		return s, false
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
			changed = true
		case unfit(r):
			fmt.Fprintf(&b, `\u%04x`, r)
			changed = true
		default:
			b.WriteRune(r)
		}
		i += size
	}
	return b.String(), changed
}

func unfit(r rune) bool {
	return r < 0x20 && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF
}

// EscapeBidi returns s with the characters that turn the direction of the text around them as escapes such as \u202e, and whether there
// are any: with them a text can read as something that it does not hold.
func EscapeBidi(s string) (escaped string, changed bool) {
	if !strings.ContainsFunc(s, turns) {
		return s, false
	}
	var b strings.Builder
	for _, r := range s {
		if turns(r) {
			fmt.Fprintf(&b, `\u%04x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String(), true
}

func turns(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

// Formula reports whether a spreadsheet takes a CSV cell of this text for a formula.
func Formula(s string) bool { return s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) }
