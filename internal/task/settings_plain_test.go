package task

import (
	"cmp"
	"slices"
	"strings"
	"testing"
)

func sameSettings(a, b []Setting) bool {
	return (a == nil) == (b == nil) && slices.EqualFunc(a, b, func(a, b Setting) bool {
		return a.Name == b.Name && (a.Value == nil) == (b.Value == nil) && a.text() == b.text()
	})
}

// byJSON is canonicalSettings with nothing but encoding/json.
func byJSON(text string) string {
	pairs, err := anyPairs(text)
	if err != nil {
		return text
	}
	if len(pairs) == 0 {
		return "[]"
	}
	for i := range pairs {
		value := pairs[i].text()
		pairs[i].Value = &value
	}
	slices.SortFunc(pairs, func(a, b Setting) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.text(), b.text()))
	})
	return escapedSettings(pairs)
}

// wordings are texts of pairs, each with whether it is plain.
var wordings = map[string]bool{
	`[]`:                            true,
	`[{"name":"a","value":"1"}]`:    true,
	`[{"name":"","value":null}]`:    true,
	`[{"name":"null}","value":""}]`: true,
	`[{"name":"a","value":"null}"},{"name":"[]","value":"{,}"}]`: true,
	`[{"name":"b","value":"2"},{"name":"a","value":"1"}]`:        true,
	`[{"name":"a","value":"1"},{"name":"b","value":"2"}]`:        true,
	`[{"name":"a","value":null},{"name":"a","value":""}]`:        true,
	`[{"name":"a","value":""},{"name":"a","value":null}]`:        true,
	`[{"name":"a","value":""},{"name":"a","value":""}]`:          true,
	`[{"name":"a","value":""}]`:                                  true,
	`[{"name":"<a>","value":"é&ü"}]`:                             true,
	"[{\"name\":\"a\x7f\",\"value\":\"\ufffd\"}]":                true,
	`[{"name":"\u003ca>","value":"é&ü"}]`:                        false,
	`[{"name":"a\n","value":"\"1\""}]`:                           false,
	`[{"name":"a\u2028","value":"1"}]`:                           false,
	"[{\"name\":\"a\u2028\",\"value\":\"1\"}]":                   false,
	"[{\"name\":\"a\n\",\"value\":\"1\"}]":                       false,
	"[{\"name\":\"a\xff\",\"value\":\"1\"}]":                     false,
	"[{\"name\":\"a\ufffd\",\"value\":\"1\"}]":                   true,
	`[ ]`:                         false,
	` []`:                         false,
	`[{"name":"a"}]`:              false,
	`[{"value":"1","name":"a"}]`:  false,
	`[{"name":"a","value":"1"},]`: false,
	`[,{"name":"a","value":"1"}]`: false,
	`[{"name":"a","value":"1"}{"name":"b","value":"1"}]`:   false,
	`[{"name":"a","value":"1"} ,{"name":"b","value":"1"}]`: false,
	`[{"name":"a","value":"1","more":1}]`:                  false,
	`[{"name":"a","value":nul}]`:                           false,
	`[{"name":"a","value":1}]`:                             false,
	`[{"name":"a","value":"1"}`:                            false,
	`[{"name":"a","value":"1]`:                             false,
	`[{"name":"a]`:                                         false,
	`null`:                                                 false,
	`]`:                                                    false,
	`[`:                                                    false,
	``:                                                     false,
}

// Plain texts are read, compared and written as encoding/json has it; the others are left to it.
func TestPlainPairs(t *testing.T) {
	for text, plain := range wordings {
		pairs, ok := plainPairs(nil, text)
		if ok != plain {
			t.Errorf("%q is plain: %t; want %t", text, ok, plain)
		}
		want, err := anyPairs(text)
		if ok && (err != nil || !sameSettings(settingsOf(pairs), want)) {
			t.Errorf("%q is read as %v; encoding/json: %v, %v", text, pairs, want, err)
		}
		if written, ok := plainSettings(want); ok && len(want) > 0 && written != escapedSettings(want) {
			t.Errorf("%q is written as %q; want %q", text, written, escapedSettings(want))
		}
		if written, _ := plainSettings(want); plain && written != text {
			t.Errorf("%q is written as %q", text, written)
		}
		if canonical := canonicalSettings(Text(text)); canonical != byJSON(text) {
			t.Errorf("the canonical form of %q is %q; want %q", text, canonical, byJSON(text))
		}
		for other := range wordings {
			if same, ok := samePlain(text, other); ok && same != (byJSON(text) == byJSON(other)) {
				t.Errorf("%q and %q are the same: %t", text, other, same)
			}
		}
	}
}

func TestManyPlainPairsAreCompared(t *testing.T) {
	var up, down []Setting
	for i := range 40 {
		s := Setting{Name: strings.Repeat("n", i)}
		up, down = append(up, s), append([]Setting{s}, down...)
	}
	a, b := SettingsValue(up), SettingsValue(down)
	if a == b || !IntendedSettings.Equal(a, b) {
		t.Error("forty pairs in another order are not the same")
	}
	down[7].Name += "x"
	if same, ok := samePlain(a.text, SettingsValue(down).text); same || !ok {
		t.Errorf("forty pairs of which one differs: the same %t, compared %t", same, ok)
	}
}

// FuzzPlainPairs holds the plain ways against encoding/json.
func FuzzPlainPairs(f *testing.F) {
	for text := range wordings {
		f.Add(text, `[{"name":"a","value":"1"},{"name":"b","value":"2"}]`)
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		if pairs, ok := plainPairs(nil, a); ok {
			want, err := anyPairs(a)
			if err != nil || !sameSettings(settingsOf(pairs), want) {
				t.Fatalf("%q is read as %v; encoding/json: %v, %v", a, pairs, want, err)
			}
		}
		pairs := []Setting{{Name: a, Value: &b}, {Name: b}}
		if written, ok := plainSettings(pairs); ok && written != escapedSettings(pairs) {
			t.Fatalf("written as %q; want %q", written, escapedSettings(pairs))
		}
		if same, ok := samePlain(a, b); ok && same != (byJSON(a) == byJSON(b)) {
			t.Fatalf("%q and %q are the same: %t", a, b, same)
		}
	})
}

// A wish for a pair that is met already leaves the text as it stands, and no other wish does.
func TestPlainlyMet(t *testing.T) {
	const twice = `[{"name":"a","value":"1"},{"name":"b","value":null},{"name":"a","value":"1"}]`
	for _, c := range []struct {
		text, pair string
		to         Value
		want       bool
	}{
		{twice, "b", Text(""), true},
		{twice, "b", Text("1"), false},
		{twice, "b", Null, false},
		{twice, "a", Text("1"), false}, // one is to remain
		{twice, "c", Null, true},
		{twice, "c", Text(""), false},
		{`[]`, "c", Null, true},
		{`[]`, "c", Text("1"), false},
		{`[{"name":"a","value":"1"}]`, "a", Text("1"), true},
		{`[{"name":"a","value":"1"}]`, "A", Text("1"), false},
		{`[{"value":"1","name":"a"}]`, "a", Text("1"), false}, // is to be written in the usual order
		{`[{"name":"a\n","value":"1"}]`, "b", Null, false},
		{``, "b", Null, false},
	} {
		w := Wish{Property: IntendedSettings, Pair: c.pair, Value: c.to}
		if got := plainlyMet(Text(c.text), w); got != c.want {
			t.Errorf("%s, %q to be %q (null %t): met %t; want %t", c.text, c.pair, c.to, c.to.IsNull(), got, c.want)
		}
		after, err := withPair(Text(c.text), w)
		if c.want && (err != nil || after != Text(c.text)) {
			t.Errorf("%s would become %s, %v", c.text, after, err)
		}
	}
	if plainlyMet(Null, Wish{Property: IntendedSettings, Pair: "a"}) {
		t.Error("null would stay null, which WithPair makes an empty collection")
	}
}
