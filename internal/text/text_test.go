package text

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestLine(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", `Größe "prüfen" C:\temp 日本語`, `Größe "prüfen" C:\temp 日本語`},
		{"empty", "", ""},
		{"line breaks", "a\nb\r\nc", `a\nb\r\nc`},
		{"tab", "a\tb", `a\tb`},
		{"other line breaks", "a\vb\fc\u0085d\u2028e\u2029f", `a\vb\fc\u0085d\u2028e\u2029f`},
		{"terminal escape", "\x1b[2J\x1b]0;title\a", `\x1b[2J\x1b]0;title\a`},
		{"C1 control", "\u009b31m", `\u009b31m`},
		{"NUL and DEL", "a\x00b\x7f", `a\x00b\x7f`},
		{"bidi", "a\u202eb\u2066c\u200fd\u061c", `a\u202eb\u2066c\u200fd\u061c`},
		{"invisible", "a\u200bb\ufeffc\U000e0041", `a\u200bb\ufeffc\U000e0041`},
		{"not UTF-8", "a\xffb\xc3", `a\xffb\xc3`},
		{"replacement character", "a\ufffdb", "a\ufffdb"},
		{"private use", "\ue000", `\ue000`},
		{"no-break space", "a\u00a0b", "a\u00a0b"},
	} {
		if got := Line(c.text); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}

func FuzzLine(f *testing.F) {
	f.Add("a\n\x1b[0m\xff")
	f.Fuzz(func(t *testing.T, s string) {
		line := Line(s)
		if !utf8.ValidString(line) || strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsGraphic(r) }) {
			t.Errorf("%q", line)
		}
		if Line(line) != line {
			t.Errorf("%q becomes %q", line, Line(line))
		}
	})
}

func TestClip(t *testing.T) {
	for _, c := range []struct {
		text string
		most int
		want string
	}{
		{"abc", 3, "abc"},
		{"abcd", 3, "abc…"},
		{"äöü", 3, "äöü"},
		{"äöüß", 3, "äöü…"},
		{"", 0, ""},
	} {
		if got := Clip(c.text, c.most); got != c.want {
			t.Errorf("Clip(%q, %d) is %q, want %q", c.text, c.most, got, c.want)
		}
	}
}
