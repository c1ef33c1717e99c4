package task

import (
	"encoding/json"
	"strings"
	"testing"
)

const wholeTask = `{
	"@odata.type": "#microsoft.graph.securityConfigurationTask", "@odata.etag": "x", "id": "5D630F12-0f12-5d63-120f-635d120f635d",
	"displayName": "Display Name value", "description": null, "createdDateTime": "2017-01-01T00:02:43.5775965-08:00",
	"dueDateTime": "0001-01-01T00:00:00Z", "category": "advancedThreatProtection", "priority": "urgent", "creator": "",
	"creatorNotes": "notes", "assignedTo": "ada@example.com", "status": "pending", "endpointSecurityPolicy": "antivirus",
	"applicablePlatform": "macOS", "endpointSecurityPolicyProfile": "antivirus", "insights": "i", "managedDeviceCount": 2,
	"intendedSettings": [{"@odata.type": "microsoft.graph.keyValuePair", "name": "n", "value": "v"}], "somethingNew": {"a": 1}
}`

func TestTaskFromJSON(t *testing.T) {
	var got Task
	got.Set(Insights, Text("left over"))
	if err := json.Unmarshal([]byte(wholeTask), &got); err != nil {
		t.Fatal(err)
	}
	if !got.Managed() || got.ID != "5D630F12-0f12-5d63-120f-635d120f635d" || Key(got.ID) != "5d630f12-0f12-5d63-120f-635d120f635d" {
		t.Errorf("type %q, id %q, key %q", got.Type, got.ID, Key(got.ID))
	}
	want := []Value{
		Text("Display Name value"), Null, Text("2017-01-01T08:02:43.5775965Z"), Text("0001-01-01T00:00:00Z"), Text("advancedThreatProtection"),
		Text("urgent"), Text(""), Text("notes"), Text("ada@example.com"), Text("pending"), Text("antivirus"), Text("macOS"), Text("antivirus"),
		Text("i"), Text("2"), Text(`[{"name":"n","value":"v"}]`),
	}
	for i, p := range All()[:len(want)] {
		if got.Get(p) != want[i] {
			t.Errorf("%s = %q (null %t); want %q", p.Name, got.Get(p), got.Get(p).IsNull(), want[i])
		}
	}
}

func TestTaskFromJSONWithoutFields(t *testing.T) {
	for _, in := range []string{`{"id":"1"}`, `{"id":"1","@odata.type":"` + ODataType + `"}`} {
		got := Task{ID: "old", Type: "old"}
		got.Set(Status, Text("left over"))
		if err := json.Unmarshal([]byte(in), &got); err != nil {
			t.Fatal(err)
		}
		for _, p := range All() {
			if !got.Get(p).IsNull() {
				t.Errorf("%s: %s = %q; want null", in, p.Name, got.Get(p))
			}
		}
		if got.Managed() != strings.Contains(in, ODataType) {
			t.Errorf("%s: managed is %t", in, got.Managed())
		}
	}
}

func TestTaskOfAnotherType(t *testing.T) {
	const typ = "#microsoft.graph.newTask"
	for in, name := range map[string]Value{
		`{"id":"1","@odata.type":"` + typ + `","displayName":"n","status":{"odd":1},"managedDeviceCount":"many"}`: Text("n"),
		`{"id":"1","@odata.type":"` + typ + `","displayName":["n"]}`:                                              Null,
		`{"id":"1","@odata.type":"` + typ + `"}`:                                                                  Null,
	} {
		var got Task
		if err := json.Unmarshal([]byte(in), &got); err != nil {
			t.Errorf("%s: %v", in, err)
			continue
		}
		if got.Managed() || got.Type != typ || got.Get(DisplayName) != name || !got.Get(ManagedDeviceCount).IsNull() {
			t.Errorf("%s: read as %+v", in, got)
		}
	}
}

// A task of each kind keeps the properties that its kind has, and drops the others.
func TestTaskOfEachKind(t *testing.T) {
	for _, kind := range TaskKinds() {
		in := `{"appName":"a","insights":"i","intendedSettings":[{"name":"n","value":"v"}],"mobileAppCount":3,"assignedTo":"x","mitigationType":"update","newMember":[1],
			"unmanagedDevices":[{"deviceName":"pc\n1","domain":"d","os":"Windows","osVersion":null,"lastSeenDateTime":"2026-01-02T03:04:05Z","added":{}},{}],
			"id":"1","@odata.type":"` + kind.Type + `"}`
		var got Task
		if err := json.Unmarshal([]byte(in), &got); err != nil {
			t.Fatalf("%s: %v", kind.Name, err)
		}
		for _, p := range []*Property{AppName, Insights, IntendedSettings, MobileAppCount, AssignedTo, MitigationType, UnmanagedDevices} {
			if got.Get(p).IsNull() == kind.Has(p) || got.Had(p) != kind.Has(p) {
				t.Errorf("%s: %s is %q", kind.Name, p.Name, got.Get(p))
			}
		}
		if want := "pc 1 d, Windows, 2026-01-02T03:04:05Z\n"; kind == UnmanagedDeviceDiscovery && got.Get(UnmanagedDevices) != Text(want) {
			t.Errorf("the devices are %q, want %q", got.Get(UnmanagedDevices), want)
		}
		if got.Kind() != kind || KindNamed(kind.Type[len("#microsoft.graph."):]) != kind || KindNamed(strings.ToUpper(kind.Name)) != kind {
			t.Errorf("%s is not found", kind.Name)
		}
	}
}

func TestTaskFromJSONOfWrongShape(t *testing.T) {
	const typed = `{"id":"1","@odata.type":"#microsoft.graph.securityConfigurationTask",`
	for in, want := range map[string]string{
		`null`:                         "want a task, got null",
		`{}`:                           "the task has no id",
		`{"id":null}`:                  "the task has no id",
		`{"id":""}`:                    "the task has no id",
		`{"ID":"1"}`:                   "the task has no id",
		`{"id":7}`:                     "id: want a JSON string, got 7",
		`{"id":7,"@odata.type":8}`:     "id: want a JSON string, got 7",
		`{"id":"1","@odata.type":{}}`:  "@odata.type: want a JSON string, got {}",
		`[]`:                           "want a task, got []",
		typed + `"status":["a"]}`:      `task 1: status: want a JSON string, got ["a"]`,
		typed + `"dueDateTime":1}`:     `task 1: dueDateTime: want a JSON string, got 1`,
		typed + `"intendedSettings":0`: "unexpected EOF",
		typed + `"managedDeviceCount":[` + strings.Repeat("1,", 99) + `1]}`: `task 1: managedDeviceCount: want a JSON number, got [` + strings.Repeat("1,", 39) + `1…`,
	} {
		var got Task
		if err := got.UnmarshalJSON([]byte(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v; want %s", in, err, want)
		}
	}
}

func TestSameWishes(t *testing.T) {
	row := func(w ...Assignment) *Desired { d := NewDesired(Origin{}, "", nil, w...); return &d }
	name, due := Assignment{Property: DisplayName, Value: Text("")}, Assignment{Property: DueDateTime, Value: Text("2026-01-01T00:00:00Z")}
	cases := []struct {
		name string
		a, b *Desired
		want bool
	}{
		{"none", row(), row(), true},
		{"the same", row(name, due), row(name, due), true},
		{"the same pair", row(Assignment{IntendedSettings, Text("1"), "a"}), row(Assignment{IntendedSettings, Text("1"), "a"}), true},
		{"another pair", row(Assignment{IntendedSettings, Text("1"), "a"}), row(Assignment{IntendedSettings, Text("1"), "A"}), false},
		{"a pair removed or empty", row(Assignment{IntendedSettings, Null, "a"}), row(Assignment{IntendedSettings, Text(""), "a"}), false},
		{"a pair and the whole", row(Assignment{IntendedSettings, Text("[]"), ""}), row(Assignment{IntendedSettings, Text("[]"), "a"}), false},
		{"equal, not identical", row(name), row(Assignment{Property: DisplayName, Value: Null}), true},
		{"another value", row(due), row(Assignment{Property: DueDateTime, Value: Text("2026-01-02T00:00:00Z")}), false},
		{"one more", row(name), row(name, due), false},
		{"another property", row(name), row(Assignment{Property: Description, Value: Text("")}), false},
	}
	for _, c := range cases {
		if c.a.SameAssignments(c.b) != c.want || c.b.SameAssignments(c.a) != c.want {
			t.Errorf("%s: not %t", c.name, c.want)
		}
	}
}
