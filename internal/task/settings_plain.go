package task

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// The texts that SettingsValue makes are read and written here without encoding/json wherever no string in them needs an
// escape: a plan compares a million of them.

const (
	beforeName  = `{"name":"`
	beforeValue = `","value":`
)

// plainPair is a Setting within its text.
type plainPair struct {
	name, value string
	null        bool
}

// plainPairs appends the pairs of a text that is exactly as SettingsValue writes it and holds no escape; ok is false for every other.
func plainPairs(pairs []plainPair, text string) (all []plainPair, ok bool) {
	rest, opened := strings.CutPrefix(text, "[")
	rest, closed := strings.CutSuffix(rest, "]")
	if !opened || !closed || !isPlain(text) {
		return nil, false
	}
	for more := rest != ""; more; {
		var pair plainPair
		if pair, rest, ok = cutPair(rest); !ok {
			return nil, false
		}
		pairs = append(pairs, pair)
		if rest, more = strings.CutPrefix(rest, ","); !more && rest != "" {
			return nil, false
		}
	}
	return pairs, true
}

// plainlyMet reports whether a plain value meets the wish for one pair already, so that WithPair makes the same text of it again.
func plainlyMet(v Value, w Wish) bool {
	var room [16]plainPair
	pairs, ok := plainPairs(room[:0], v.text)
	if !ok {
		return false
	}
	named, met := 0, w.Value.IsNull()
	for _, p := range pairs {
		if p.name == w.Pair {
			named++
			met = !w.Value.IsNull() && p.value == w.Value.text
		}
	}
	return met && (named == 1 || named == 0 && w.Value.IsNull())
}

// settingsOf makes Settings of the pairs.
func settingsOf(pairs []plainPair) []Setting {
	settings, values := make([]Setting, len(pairs)), make([]string, len(pairs))
	for i, p := range pairs {
		settings[i].Name = p.name
		if !p.null {
			values[i] = p.value
			settings[i].Value = &values[i]
		}
	}
	return settings
}

// samePlain compares two texts as canonicalSettings makes them comparable; ok is false where that has to do it.
func samePlain(a, b string) (same, ok bool) {
	var roomA, roomB [16]plainPair
	as, ok := plainPairs(roomA[:0], a)
	if !ok {
		return false, false
	}
	bs, ok := plainPairs(roomB[:0], b)
	if !ok {
		return false, false
	}
	slices.SortFunc(as, plainPair.compare)
	slices.SortFunc(bs, plainPair.compare)
	return slices.EqualFunc(as, bs, func(a, b plainPair) bool { return a.compare(b) == 0 }), true
}

// compare takes a null value for an empty one.
func (p plainPair) compare(o plainPair) int {
	return cmp.Or(strings.Compare(p.name, o.name), strings.Compare(p.value, o.value))
}

// cutPair reads the pair at the start of a plain text.
func cutPair(text string) (p plainPair, rest string, ok bool) {
	if text, ok = strings.CutPrefix(text, beforeName); !ok {
		return p, "", false
	}
	end := strings.IndexByte(text, '"')
	if end < 0 {
		return p, "", false
	}
	p.name = text[:end]
	if text, ok = strings.CutPrefix(text[end:], beforeValue); !ok {
		return p, "", false
	}
	if rest, p.null = strings.CutPrefix(text, "null}"); p.null {
		return p, rest, true
	}
	if text, ok = strings.CutPrefix(text, `"`); !ok {
		return p, "", false
	}
	if p.value, text, ok = strings.Cut(text, `"`); !ok {
		return p, "", false
	}
	rest, ok = strings.CutPrefix(text, "}")
	return p, rest, ok
}

// plainSettings writes the text of pairs that need no escape; ok is false where one does.
func plainSettings(pairs []Setting) (text string, ok bool) {
	size := len("[]")
	for _, s := range pairs {
		if value := s.text(); !isPlain(s.Name) || !isPlain(value) || strings.IndexByte(s.Name, '"') >= 0 || strings.IndexByte(value, '"') >= 0 {
			return "", false
		}
		size += len(beforeName) + len(s.Name) + len(beforeValue) + len(s.text()) + len(`null},`)
	}
	var b strings.Builder
	b.Grow(size)
	b.WriteByte('[')
	for i, s := range pairs {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(beforeName)
		b.WriteString(s.Name)
		b.WriteString(beforeValue)
		if s.Value == nil {
			b.WriteString("null}")
			continue
		}
		b.WriteByte('"')
		b.WriteString(*s.Value)
		b.WriteString(`"}`)
	}
	b.WriteByte(']')
	return b.String(), true
}

// isPlain reports whether a text holds nothing that encoding/json escapes or reads as something else, quotes aside.
func isPlain(s string) bool {
	ascii := true
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c < 0x20 || c == '\\' {
			return false
		}
		ascii = ascii && c < utf8.RuneSelf
	}
	return ascii || utf8.ValidString(s) && !strings.Contains(s, "\u2028") && !strings.Contains(s, "\u2029")
}
