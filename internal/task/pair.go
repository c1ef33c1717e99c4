package task

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// PairColumn is the name of the one pair of intendedSettings that a column with this header is for: what follows the first dot,
// as it is. It is "" for any other header.
func PairColumn(header string) string {
	property, name, _ := strings.Cut(header, ".")
	if FoldName(property) != FoldName(IntendedSettings.Name) {
		return ""
	}
	return strings.TrimFunc(name, unicode.IsSpace)
}

// ParsePair reads the wish for the pair of intendedSettings that has this name from the text of a cell
// that is not blank: the value exactly as it is there, or Clear, which removes the pair.
func ParsePair(name, text string) (Assignment, error) {
	w := Assignment{Property: IntendedSettings, Value: Text(text), Pair: name}
	if !utf8.ValidString(text) {
		return w, fmt.Errorf("%s.%s %q is not UTF-8 text", w.Property.Name, name, clip(text))
	}
	if what := Mistake(text); what != "" {
		return w, fmt.Errorf("%s.%s is %s", w.Property.Name, name, what)
	}
	if strings.EqualFold(strings.TrimSpace(text), Clear) {
		w.Value = Null
	}
	return w, nil
}

// same reports whether two wishes ask for the same.
func (w Assignment) same(o Assignment) bool {
	if w.Property != o.Property || w.Pair != o.Pair {
		return false
	}
	if w.Pair != "" {
		return w.Value == o.Value // null removes the pair, which "" does not
	}
	return w.Property.Equal(w.Value, o.Value)
}

// OnlyPair returns what a value of intendedSettings holds under one name.
func OnlyPair(v Value, name string) (Value, error) {
	pairs, err := PairsOf(v)
	if err != nil {
		return v, err
	}
	return SettingsValue(slices.DeleteFunc(pairs, func(s Setting) bool { return s.Name != name })), nil
}

// WithPair returns the value of intendedSettings in which exactly one pair has the name and the value
// that the wish says, or for null none has the name. The other pairs stay as they are, in their order;
// where the name is there several times, one pair in the place of the first remains.
func WithPair(current Value, w Assignment) (Value, error) {
	pairs, err := PairsOf(current)
	if err != nil {
		return current, err
	}
	at := slices.IndexFunc(pairs, func(s Setting) bool { return s.Name == w.Pair })
	var old *string
	if at >= 0 {
		old = pairs[at].Value
	}
	pairs = slices.DeleteFunc(pairs, func(s Setting) bool { return s.Name == w.Pair })
	if w.Value.IsNull() {
		return SettingsValue(pairs), nil
	}
	s := Setting{Name: w.Pair, Value: old}
	if s.text() != w.Value.String() {
		text := w.Value.String()
		s.Value = &text
	}
	if at < 0 {
		at = len(pairs)
	}
	return SettingsValue(slices.Insert(pairs, at, s)), nil
}
