package ingest

import (
	"regexp"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

// What is quick for everyday texts says what the plain rule says, for all texts.
func TestQuickRulesOfTexts(t *testing.T) {
	rule := regexp.MustCompile(`^[+-]?\d+([.,]\d*)?[eE][+-]?\d+$`)
	pieces := rapid.SampledFrom([]string{"1", "02", "e", "E", "+", "-", ".", ",", " ", "\t", "\u00a0", "\x01", "\x7f", "~", "a", "Z", "é", "/", "{", "@", "[", "`", "\u200b"})
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(pieces, 0, 6).Draw(t, "text"), "")
		want := rule.MatchString(s)
		if got := mangled(s); got != want {
			t.Errorf("mangled(%q) is %v", s, got)
		}
		bare := strings.TrimFunc(s, unicode.IsSpace) == ""
		if blank(s) != bare {
			t.Errorf("blank(%q) is %v", s, blank(s))
		}
	})
	for _, s := range []string{"1e5", "-1.2E+15", "1,e-3", "9E9"} {
		if !mangled(s) {
			t.Errorf("mangled(%q) is false", s)
		}
	}
}
