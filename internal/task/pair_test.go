package task

import "testing"

func TestParsePair(t *testing.T) {
	for text, want := range map[string]Value{" a=1 ": Text(" a=1 "), " <CLEAR> ": Null, "<clear it": Text("<clear it")} {
		if w, err := ParsePair("A b", text); err != nil || w != (Assignment{IntendedSettings, want, "A b"}) {
			t.Errorf("%q: %+v, %v", text, w, err)
		}
	}
	if _, err := ParsePair("A", "a\xff"); err == nil || err.Error() != `intendedSettings.A "a\xff" is not UTF-8 text` {
		t.Errorf("%v", err)
	}
}

func TestWithPair(t *testing.T) {
	if v, err := WithPair(Text("soon"), Assignment{IntendedSettings, Text("1"), "a"}); err == nil || v != Text("soon") {
		t.Errorf("%v, %v", v, err)
	}
	null := Text(`[{"name":"a","value":null}]`)
	if v, err := WithPair(null, Assignment{IntendedSettings, Text(""), "a"}); err != nil || v != null {
		t.Errorf("a null value became another empty one: %v, %v", v, err)
	}
}
