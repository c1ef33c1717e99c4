package task

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

func TestParseSettings(t *testing.T) {
	// An error that ends in a colon goes on in the words of encoding/json.
	cases := []struct{ name, in, want, err string }{
		{"an array", `[{"name":"a","value":"1"},{"name":"b","value":"2"}]`, `[{"name":"a","value":"1"},{"name":"b","value":"2"}]`, ""},
		{"lines", "a=1\nb=2", `[{"name":"a","value":"1"},{"name":"b","value":"2"}]`, ""},
		{"lines of a spreadsheet", "a=1\r\n\r\n b =2\r\n", `[{"name":"a","value":"1"},{"name":"b","value":"2"}]`, ""},
		{"the first = splits", "a=b=c=", `[{"name":"a","value":"b=c="}]`, ""},
		{"values are kept exactly", "a= 1 ", `[{"name":"a","value":" 1 "}]`, ""},
		{"an empty value", "a=", `[{"name":"a","value":""}]`, ""},
		{"a null value", `[{"name":"a","value":null}]`, `[{"name":"a","value":null}]`, ""},
		{"no value", `[{"name":"a"}]`, `[{"name":"a","value":null}]`, ""},
		{"the wire's type is let through", `[{"@odata.type":"microsoft.graph.keyValuePair","name":"a","value":"1"}]`, `[{"name":"a","value":"1"}]`, ""},
		{"duplicates are kept, in order", "b=2\na=1\nb=2", `[{"name":"b","value":"2"},{"name":"a","value":"1"},{"name":"b","value":"2"}]`, ""},
		{"nothing", " [ ] ", "[]", ""},
		{"markup is not escaped", "a=<&>", `[{"name":"a","value":"<&>"}]`, ""},
		{"an unknown field", `[{"name":"a","valeu":"1"}]`, "", `"[{\"name\":\"a\",\"valeu\":\"1\"}]" is not a JSON array of {"name","value"}: `},
		{"a number for a value", `[{"name":"a","value":1}]`, "", `"[{\"name\":\"a\",\"value\":1}]" is not a JSON array of {"name","value"}: a number is at character 22, where a text in quotes belongs`},
		{"no name", `[{"name":"a","value":"1"},{"value":"1"}]`, "", `setting 2 of "[{\"name\":\"a\",\"value\":\"1\"},{\"value\":\"1\"}]" has no name`},
		{"an empty name", `[{"name":"","value":"1"}]`, "", `setting 1 of "[{\"name\":\"\",\"value\":\"1\"}]" has no name`},
		{"null among the pairs", `[null]`, "", `setting 1 of "[null]" has no name`},
		{"something behind the array", `[] []`, "", `"[] []" has something after the JSON array`},
		{"an unclosed array", `[`, "", `"[" is not a JSON array of {"name","value"}: `},
		{"an object", `{"a":"1"}`, "", `line 1 of the settings, "{\"a\":\"1\"}", is not name=value`},
		{"a line without =", "a=1\n\nb", "", `line 3 of the settings, "b", is not name=value`},
		{"a line without a name", " = 1", "", `line 1 of the settings, " = 1", is not name=value`},
	}
	for _, c := range cases {
		got, err := IntendedSettings.ParseCell(c.in, Format{})
		if c.err != "" {
			c.err = "intendedSettings: " + c.err
		}
		switch {
		case c.err != "" && (err == nil || err.Error() != c.err && !(strings.HasSuffix(c.err, ": ") && strings.HasPrefix(err.Error(), c.err))):
			t.Errorf("%s: error\n%v; want\n%s", c.name, err, c.err)
		case c.err == "" && (err != nil || got != Text(c.want)):
			t.Errorf("%s: %s, %v; want %s", c.name, got, err, c.want)
		}
	}
}

func TestSettingsEquality(t *testing.T) {
	const a1b2 = `[{"name":"a","value":"1"},{"name":"b","value":"2"}]`
	cases := []struct {
		name string
		a, b Value
		want bool
	}{
		{"order does not count", Text(a1b2), Text(`[{"name":"b","value":"2"},{"name":"a","value":"1"}]`), true},
		{"nor does spelling", Text(a1b2), Text(` [ {"value":"1","name":"\u0061"}, {"name":"b","value":"2"} ]`), true},
		{"a null value is an empty one", Text(`[{"name":"a","value":null}]`), Text(`[{"name":"a","value":""}]`), true},
		{"null is the empty collection", Null, Text("[]"), true},
		{"how often a pair stands counts", Text(`[{"name":"a","value":"1"}]`), Text(`[{"name":"a","value":"1"},{"name":"a","value":"1"}]`), false},
		{"equal names are ordered by value", Text(`[{"name":"a","value":"2"},{"name":"a","value":"1"}]`), Text(`[{"name":"a","value":"1"},{"name":"a","value":"2"}]`), true},
		{"values count", Text(`[{"name":"a","value":"1"}]`), Text(`[{"name":"a","value":"2"}]`), false},
		{"case counts", Text(`[{"name":"a","value":"1"}]`), Text(`[{"name":"A","value":"1"}]`), false},
		{"name and value are not mixed up", Text(`[{"name":"a","value":"b"}]`), Text(`[{"name":"b","value":"a"}]`), false},
	}
	for _, c := range cases {
		if IntendedSettings.Equal(c.a, c.b) != c.want || IntendedSettings.Equal(c.b, c.a) != c.want {
			t.Errorf("%s: %s equal to %s is not %t", c.name, c.a, c.b, c.want)
		}
	}
}

func TestSettingsOnTheWire(t *testing.T) {
	v, err := ParseSettings("b=<2>\na=1")
	if err != nil {
		t.Fatal(err)
	}
	raw, err := IntendedSettings.Wire(v)
	if err != nil {
		t.Fatal(err)
	}
	var got []map[string]any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0]["name"] != "b" || got[0]["value"] != "<2>" || got[1]["name"] != "a" || len(got[0]) != 3 ||
		got[0]["@odata.type"] != "microsoft.graph.keyValuePair" {
		t.Errorf("on the wire: %s", raw)
	}
	pairs, err := PairsOf(v)
	if err != nil || !slices.EqualFunc(pairs, []string{"b", "a"}, func(s Setting, name string) bool { return s.Name == name }) {
		t.Errorf("PairsOf = %v, %v; want b and a", pairs, err)
	}
	if _, err := PairsOf(Text("a=1")); err == nil {
		t.Error("PairsOf takes a text that is no settings value")
	}
	if _, err := IntendedSettings.Wire(Text("a=1")); err == nil {
		t.Error("Wire takes a text that is no settings value")
	}
}
