package task

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestNullAndEmptyAreOneForStringsOnly(t *testing.T) {
	for _, p := range All() {
		if got, want := p.Equal(Null, Text("")), p.Kind == String; p.Kind != Settings && got != want {
			t.Errorf("%s: null equal to the empty text: %t; want %t", p.Name, got, want)
		}
	}
	if DisplayName.Equal(Text("a"), Text("A")) || DisplayName.Equal(Text("a"), Text("a ")) {
		t.Error("strings differ by case and by spaces")
	}
}

func TestFromWire(t *testing.T) {
	cases := []struct {
		p    *Property
		in   string
		want Value
		err  string
	}{
		{p: DisplayName, in: `"a\u0000<b>"`, want: Text("a\x00<b>")},
		{p: DisplayName, in: `null`, want: Null},
		{p: DisplayName, in: `""`, want: Text("")},
		{p: DisplayName, in: `{}`, err: "displayName: want a JSON string, got {}"},
		{p: DisplayName, in: `12`, err: "displayName: want a JSON string, got 12"},
		{p: Status, in: `"Completed"`, want: Text("Completed")},
		{p: Status, in: `" paused by admin"`, want: Text(" paused by admin")},
		{p: Status, in: `3`, err: "status: want a JSON string, got 3"},
		{p: DueDateTime, in: `"2017-01-01T00:02:18.1994089-08:00"`, want: Text("2017-01-01T08:02:18.1994089Z")},
		{p: DueDateTime, in: `"2017-01-01T00:02:18.19940890Z"`, want: Text("2017-01-01T00:02:18.1994089Z")},
		{p: DueDateTime, in: `"2017-01-01T00:02:18.199408912-01:00"`, want: Text("2017-01-01T01:02:18.1994089Z")},
		{p: DueDateTime, in: `"2017-01-01T00:02:18.5"`, want: Text("2017-01-01T00:02:18.5Z")},
		{p: DueDateTime, in: `"2017-01-01T00:02:18.123456789"`, want: Text("2017-01-01T00:02:18.1234567Z")},
		{p: DueDateTime, in: `"0001-01-01T00:00:00"`, want: Text("0001-01-01T00:00:00Z")},
		{p: DueDateTime, in: `"soon"`, want: Text("soon")},
		{p: ManagedDeviceCount, in: `12`, want: Text("12")},
		{p: ManagedDeviceCount, in: `12.0`, want: Text("12")},
		{p: ManagedDeviceCount, in: `1e3`, want: Text("1e3")},
		{p: ManagedDeviceCount, in: `12345678901234567890123`, want: Text("12345678901234567890123")},
		{p: ManagedDeviceCount, in: `true`, err: "managedDeviceCount: want a JSON number, got true"},
		{p: ManagedDeviceCount, in: `"many"`, err: `managedDeviceCount: want a JSON number, got "many"`},
		{p: IntendedSettings, in: `[]`, want: Text("[]")},
		{p: IntendedSettings, in: `[{"name":"b","value":null,"more":1},{"name":"a","value":"1"}]`, want: Text(`[{"name":"b","value":null},{"name":"a","value":"1"}]`)},
		{p: IntendedSettings, in: `{"name":"a"}`, err: `intendedSettings: want an array of name and value, got {"name":"a"}`},
		{p: IntendedSettings, in: `[1]`, err: `intendedSettings: want an array of name and value, got [1]`},
	}
	for _, c := range cases {
		got, err := c.p.FromWire(json.RawMessage(c.in))
		switch {
		case c.err != "" && (err == nil || err.Error() != c.err):
			t.Errorf("%s from %s: error\n%v; want\n%s", c.p.Name, c.in, err, c.err)
		case c.err == "" && (err != nil || got != c.want):
			t.Errorf("%s from %s: %q, %v; want %q", c.p.Name, c.in, got, err, c.want)
		}
	}
}

func TestUnknownMemberIsKeptByteForByte(t *testing.T) {
	const member = `"windows12AndÜber<>"`
	v, err := ApplicablePlatform.FromWire(json.RawMessage(member))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := ApplicablePlatform.Wire(v)
	if err != nil {
		t.Fatal(err)
	}
	var before, after string
	if json.Unmarshal([]byte(member), &before) != nil || json.Unmarshal(raw, &after) != nil || before != after || v.String() != before {
		t.Errorf("read %s, kept %q, wrote %s", member, v, raw)
	}
	if ApplicablePlatform.Equal(v, Text(strings.ToLower(before))) {
		t.Error("an unknown member equals another spelling of it; the service may mean two things")
	}
}

func TestWire(t *testing.T) {
	cases := []struct {
		p    *Property
		v    Value
		want string // empty: refused
	}{
		{DisplayName, Text(`say "hi"`), `"say \"hi\""`},
		{DisplayName, Null, "null"},
		{ManagedDeviceCount, Text("12"), "12"},
		{ManagedDeviceCount, Text("-2147483648"), "-2147483648"},
		{ManagedDeviceCount, Text("007"), "7"},
		{ManagedDeviceCount, Text("+5"), "5"},
		{ManagedDeviceCount, Text("2147483648"), ""},
		{ManagedDeviceCount, Text("1e3"), ""},
		{ManagedDeviceCount, Text(""), ""},
		{IntendedSettings, Null, "[]"},
		{IntendedSettings, Text("[]"), "[]"},
		{DueDateTime, Text("2026-01-02T03:04:05Z"), `"2026-01-02T03:04:05Z"`},
	}
	for _, c := range cases {
		got, err := c.p.Wire(c.v)
		if string(got) != c.want || (err != nil) != (c.want == "") {
			t.Errorf("%s %q on the wire: %s, %v; want %q", c.p.Name, c.v, got, err, c.want)
		}
	}
}

func TestUnset(t *testing.T) {
	unset := map[*Property][]Value{
		DisplayName:        {Null, Text("")},
		DueDateTime:        {Null, Text("0001-01-01T00:00:00Z")},
		Status:             {Null},
		ManagedDeviceCount: {Null},
		IntendedSettings:   {Null, Text("[]"), Text(" [ ] ")},
	}
	set := map[*Property][]Value{
		DisplayName:        {Text(" ")},
		DueDateTime:        {Text("0001-01-01T00:00:01Z")},
		Status:             {Text("unknown")},
		ManagedDeviceCount: {Text("0")},
		IntendedSettings:   {Text(`[{"name":"","value":null}]`)},
	}
	for want, values := range map[bool]map[*Property][]Value{true: unset, false: set} {
		for p, list := range values {
			for _, v := range list {
				if p.Unset(v) != want {
					t.Errorf("%s %q (null %t): unset is not %t", p.Name, v, v.IsNull(), want)
				}
			}
		}
	}
}

func TestValueJSONTellsNullFromEmpty(t *testing.T) {
	for _, v := range []Value{Null, Text(""), Text("null"), Text("<&>\u2028")} {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		got := Text("left over")
		if err := json.Unmarshal(raw, &got); err != nil || got != v {
			t.Errorf("%q (null %t) became %s and then %q (null %t), %v", v, v.IsNull(), raw, got, got.IsNull(), err)
		}
	}
	var v Value
	if err := json.Unmarshal([]byte("12"), &v); err == nil {
		t.Error("a number was read as a value")
	}
}
