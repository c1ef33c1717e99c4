package task

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/agnivade/levenshtein"
)

// Clear is the word by which a cell asks for a property to be emptied; case does not count.
const Clear = "<clear>"

// ErrReadOnly is returned by ParseCell for a property that no PATCH may hold.
var ErrReadOnly = errors.New("is read-only")

// ParseCell reads the wish for p from the text of a cell that is not blank. Errors say what was seen
// and what is accepted, and do not repeat the property's place in the file.
func (p *Property) ParseCell(text string, f Format) (Value, error) {
	if !p.Writable {
		return Null, fmt.Errorf("%s %w", p.Name, ErrReadOnly)
	}
	if !utf8.ValidString(text) {
		return Null, fmt.Errorf("%s %q is not UTF-8 text", p.Name, clip(text))
	}
	if what := Mistake(text); what != "" {
		return Null, fmt.Errorf("%s is %s", p.Name, what)
	}
	if strings.EqualFold(strings.TrimSpace(text), Clear) {
		if !p.Clearable() {
			return Null, fmt.Errorf("%s cannot be cleared: the service does not take null for it", p.Name)
		}
		return p.Cleared(), nil
	}
	switch p.Kind {
	case DateTime:
		t, err := f.ParseTime(strings.TrimSpace(text))
		if err != nil {
			return Null, fmt.Errorf("%s %w", p.Name, err)
		}
		return Text(FormatTime(t)), nil
	case Enum:
		return p.parseMember(text)
	case Int32:
		return p.parseInt32(text)
	case Settings:
		v, err := ParseSettings(text)
		if err != nil {
			return Null, fmt.Errorf("%s: %w", p.Name, err)
		}
		return v, nil
	}
	if p.OneLine() {
		text = strings.TrimSpace(text)
	}
	return Text(text), nil
}

func (p *Property) parseMember(text string) (Value, error) {
	text = strings.TrimSpace(text)
	if m, ok := p.Member(text); ok {
		return Text(m), nil
	}
	hint := ""
	if near, ok := Nearest(text, p.Members); ok {
		hint = fmt.Sprintf("; did you mean %q?", near)
	}
	article := "a"
	if strings.ContainsAny(p.Enum[:1], "aeiou") {
		article = "an"
	}
	return Null, fmt.Errorf("%s %q is not %s %s%s (%s)", p.Name, clip(text), article, p.Enum, hint, strings.Join(p.Members, ", "))
}

func (p *Property) parseInt32(text string) (Value, error) {
	text = strings.TrimSpace(text)
	digits, ok := WholeNumber(text)
	if !ok {
		return Null, fmt.Errorf("%s %q is not a whole number; write it in digits, such as 12", p.Name, clip(text))
	}
	if _, err := strconv.ParseInt(digits, 10, 32); err != nil {
		return Null, fmt.Errorf("%s %q does not fit an Int32 (-2147483648 to 2147483647)", p.Name, clip(text))
	}
	return Text(digits), nil
}

// Nearest returns the word most like text, without regard to case, if it is near enough to be a slip of the pen:
// at most one edit for every three letters, and no more than three.
func Nearest(text string, words []string) (string, bool) {
	folded, length := strings.ToLower(text), utf8.RuneCountInString(text)
	best, least := "", 4
	for _, w := range words {
		if length > len(w)+least {
			continue // so much longer is too far, and to compute how far takes as long as both are
		}
		d := levenshtein.ComputeDistance(folded, strings.ToLower(w))
		if d < least && d*3 <= max(len([]rune(w)), 3) {
			best, least = w, d
		}
	}
	return best, best != ""
}
