package task

import (
	"fmt"
	"html"
	"regexp"
	"strings"
	"sync"

	"github.com/agnivade/levenshtein"
)

// sheetError matches the error values of spreadsheets in every language: in CSV, or pasted as values, they are plain text. Nearly all
// are capitals between "#" and "!" or "?"; those that say "not available" are listed where they have another form.
var sheetError = pattern(`^(?:#[¡¿]?[\p{Lu}\p{Lo}_]+(?:/[\p{Lu}0]+)?[!?]|#\p{Lu}{1,3}/\p{Lu}{1,4}|#\p{Lu}+(?:_\p{Lu}+)+|` +
	`#(?:NV|YOK|HIÁNYZIK|PUUTTUU|PUUDUB|SAKNAS|NEDOSTUPNÝ)|Err:\d{3})$`)

// objectText matches what PowerShell writes of an object in a place that takes a text.
var objectText = pattern("(?s)^(?:@\\{[^{}]*=.*\\}|System(?:\\.\\w+)+(?:`\\d+)?(?:\\[.*\\])?|Microsoft\\.Graph\\.(?:Beta\\.)?PowerShell\\..*)$")

// pattern is compiled when it is first used.
func pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// Mistake says what the text of a cell is where it cannot be meant as a value, such as "the error #N/A, not a value"; "" is none.
func Mistake(text string) string {
	text = strings.TrimSpace(text)
	if text == "" {
		return ""
	}
	switch c := text[0]; { // most texts begin with a letter or a digit, and are done
	case c == '#' || c == 'E':
		if sheetError().MatchString(text) {
			return fmt.Sprintf("the error %s, not a value", clip(text))
		}
	case c == '@' || c == 'S' || c == 'M':
		if objectText().MatchString(text) {
			return fmt.Sprintf("%q, which PowerShell writes in the place of an object; write out what the object holds, intendedSettings as a JSON array or as name=value lines", clip(text))
		}
	}
	if nearlyClear(text) {
		return fmt.Sprintf("%q; did you mean %s?", clip(text), Clear)
	}
	return ""
}

var bracketed = pattern(`^([<‹«＜\[{(]?)[\s/]*(\p{L}+)[\s/]*([>›»＞\]})]?)$`)

// nearlyClear reports whether a text is Clear with a slip: a word that is nearly the same, in brackets of some kind.
func nearlyClear(text string) bool {
	const longest = 20
	if len(text) > longest || !strings.ContainsAny(text, "<>‹›«»＜＞[]{}()&") || strings.EqualFold(text, Clear) {
		return false
	}
	m := bracketed().FindStringSubmatch(html.UnescapeString(text))
	return m != nil && m[1]+m[3] != "" && levenshtein.ComputeDistance(strings.ToLower(m[2]), "clear") <= 2
}
