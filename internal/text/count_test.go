package text_test

import (
	"testing"

	"taskrecon/internal/text"
)

func TestNumbersWithNouns(t *testing.T) {
	for _, c := range []struct {
		n            int
		noun         string
		plain, apart string
	}{
		{1, "row", "1 row", "1 row"},
		{0, "row", "0 rows", "0 rows"},
		{2, "batch", "2 batches", "2 batches"},
		{1000, "row", "1000 rows", "1,000 rows"},
		{1234567, "patch", "1234567 patches", "1,234,567 patches"},
		{-123, "row", "-123 rows", "-123 rows"},
		{-1234, "row", "-1234 rows", "-1,234 rows"},
	} {
		if plain, apart := text.Plural(c.n, c.noun), text.Count(c.n, c.noun); plain != c.plain || apart != c.apart {
			t.Errorf("%d %s: %q, %q", c.n, c.noun, plain, apart)
		}
	}
}

func TestEscapes(t *testing.T) {
	for _, c := range []struct{ s, xml, bidi string }{
		{"plain\ttext\r\n é😀", "plain\ttext\r\n é😀", "plain\ttext\r\n é😀"},
		{"a\x00b\x1f\uffff", `a\u0000b\u001f\uffff`, "a\x00b\x1f\uffff"},
		{"a\xffb\ufffd", `a\xffb` + "\ufffd", "a\xffb\ufffd"},
		{"a\u202eb\u2066", "a\u202eb\u2066", `a\u202eb\u2066`},
	} {
		xml, changedXML := text.EscapeXML(c.s)
		bidi, changedBidi := text.EscapeBidi(c.s)
		if xml != c.xml || changedXML != (xml != c.s) || bidi != c.bidi || changedBidi != (bidi != c.s) {
			t.Errorf("%q: %q, %q", c.s, xml, bidi)
		}
	}
	for s, want := range map[string]bool{"": false, "=1": true, "+1": true, "-1": true, "@a": true, "\ta": true, "\ra": true, "a=1": false, "'=1": false} {
		if text.Formula(s) != want {
			t.Errorf("Formula(%q) is %v", s, !want)
		}
	}
}
