package sandbox

import (
	"strings"
	"testing"
)

func TestPatchStores(t *testing.T) {
	for _, tt := range []struct{ patch, name, want string }{
		{`"assignedTo":"bob"`, "assignedTo", `"bob"`},
		{`"assignedTo":null`, "assignedTo", `null`},
		{`"assignedTo":""`, "assignedTo", `""`},
		{`"description":"<b>&ü\u00fc 日本"`, "description", `"<b>&üü 日本"`},
		{`"status":"completed"`, "status", `"completed"`},
		{`"managedDeviceCount":-2147483648`, "managedDeviceCount", `-2147483648`},
		{`"managedDeviceCount":2147483647`, "managedDeviceCount", `2147483647`},
		{`"dueDateTime":"2017-01-01T00:02:18.1994089-08:00"`, "dueDateTime", `"2017-01-01T08:02:18.1994089Z"`},
		{`"dueDateTime":"2026-05-01T00:00:00Z"`, "dueDateTime", `"2026-05-01T00:00:00.0000000Z"`},
		{`"dueDateTime":"0001-01-01T00:00:00Z"`, "dueDateTime", `"0001-01-01T00:00:00Z"`},
		{
			`"intendedSettings":[{"@odata.type":"#microsoft.graph.keyValuePair","name":"a","value":null},{"name":"a","value":"1"}]`,
			"intendedSettings", `[{"name":"a","value":null},{"name":"a","value":"1"}]`,
		},
		{`"intendedSettings":[]`, "intendedSettings", `[]`},
	} {
		s, url := start(t, three(), Options{})
		_, body := must(t, "PATCH", url+collection+"/"+idA, patchBody(tt.patch), 200)
		if got := field(t, s, idA, tt.name); got != tt.want {
			t.Errorf("%s: kept %s, want %s", tt.patch, got, tt.want)
		}
		if !strings.Contains(body, `"@odata.context"`) || !strings.Contains(body, `"`+tt.name+`":`+tt.want) || !strings.Contains(body, `"id":"`+idA+`"`) {
			t.Errorf("%s: the answer is not the whole object: %s", tt.patch, body)
		}
		if before, after := string(securityJSON(idB)), field(t, s, idB, tt.name); !strings.Contains(before, `"`+tt.name+`":`+after) {
			t.Errorf("%s: another task changed", tt.patch)
		}
	}
}

func TestPatchRefuses(t *testing.T) {
	const other = `{"@odata.type":"#microsoft.graph.appVulnerabilityTask",`
	for _, tt := range []struct{ name, id, body string }{
		{"empty body", idA, ``},
		{"no object", idA, `[]`},
		{"cut off", idA, `{"status":"active"`},
		{"more than one", idA, patchBody(`"status":"active"`) + `{}`},
		{"a name twice", idA, patchBody(`"status":"active","status":"pending"`)},
		{"no type", idA, `{"status":"active"}`},
		{"the type of another", idA, other + `"status":"active"}`},
		{"type is no string", idA, `{"@odata.type":1,"status":"active"}`},
		{"unknown property", idA, patchBody(`"status":"active","colour":"red"`)},
		{"property in other case", idA, patchBody(`"Status":"active"`)},
		{"id", idA, patchBody(`"id":"` + idA + `"`)},
		{"createdDateTime", idA, patchBody(`"createdDateTime":"2026-01-01T00:00:00Z"`)},
		{"unknown member", idA, patchBody(`"assignedTo":"bob","status":"done"`)},
		{"member in other case", idA, patchBody(`"status":"Active"`)},
		{"null status", idA, patchBody(`"status":null`)},
		{"null date", idA, patchBody(`"dueDateTime":null`)},
		{"null count", idA, patchBody(`"managedDeviceCount":null`)},
		{"null settings", idA, patchBody(`"intendedSettings":null`)},
		{"number for a string", idA, patchBody(`"assignedTo":1`)},
		{"count beyond Int32", idA, patchBody(`"managedDeviceCount":2147483648`)},
		{"count as text", idA, patchBody(`"managedDeviceCount":"2"`)},
		{"count with a fraction", idA, patchBody(`"managedDeviceCount":2.0`)},
		{"count with an exponent", idA, patchBody(`"managedDeviceCount":1e3`)},
		{"date without a zone", idA, patchBody(`"dueDateTime":"2026-01-01T00:00:00"`)},
		{"date only", idA, patchBody(`"dueDateTime":"2026-01-01"`)},
		{"eight digits", idA, patchBody(`"dueDateTime":"2026-01-01T00:00:00.12345678Z"`)},
		{"no such day", idA, patchBody(`"dueDateTime":"2026-02-30T00:00:00Z"`)},
		{"before year 1", idA, patchBody(`"dueDateTime":"0001-01-01T00:00:00+10:00"`)},
		{"settings an object", idA, patchBody(`"intendedSettings":{"name":"a"}`)},
		{"setting without a name", idA, patchBody(`"intendedSettings":[{"value":"a"}]`)},
		{"null setting", idA, patchBody(`"intendedSettings":[null]`)},
		{"setting with more", idA, patchBody(`"intendedSettings":[{"name":"a","value":"b","c":1}]`)},
		{"number in a setting", idA, patchBody(`"intendedSettings":[{"name":"a","value":1}]`)},
		{"setting of another type", idA, patchBody(`"intendedSettings":[{"@odata.type":"microsoft.graph.x","name":"a","value":"b"}]`)},
		{"own property of another kind", idV, other + `"intendedSettings":[]}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, url := start(t, three(), Options{})
			before, _ := s.Task(tt.id)
			_, body := must(t, "PATCH", url+collection+"/"+tt.id, tt.body, 400)
			if after, _ := s.Task(tt.id); string(after) != string(before) {
				t.Errorf("the task changed: %s", after)
			}
			if !strings.Contains(body, `"error":{"code":"BadRequest"`) {
				t.Errorf("not in the shape of Graph: %s", body)
			}
			if s.Stats().Applied[tt.id] != 0 || s.Stats().Received[tt.id] != 1 {
				t.Errorf("stats %+v", s.Stats())
			}
		})
	}
}

func TestPatchOfAnotherKind(t *testing.T) {
	s, url := start(t, three(), Options{})
	must(t, "PATCH", url+collection+"/"+idV, `{"@odata.type":"microsoft.graph.appVulnerabilityTask","assignedTo":"bob"}`, 200)
	if field(t, s, idV, "assignedTo") != `"bob"` || field(t, s, idV, "appName") != `"Acrobat"` {
		t.Error("not kept")
	}
}

func TestPatchAnswers204(t *testing.T) {
	s, url := start(t, three(), Options{Faults: faults(t, "no-content:*")})
	if _, body := must(t, "PATCH", url+collection+"/"+strings.ToUpper(idA), patchBody(`"assignedTo":"bob"`), 204); body != "" {
		t.Errorf("body %q", body)
	}
	if field(t, s, idA, "assignedTo") != `"bob"` {
		t.Error("not kept")
	}
}

func TestUpdateStatus(t *testing.T) {
	for _, tt := range []struct {
		body string
		want int
	}{
		{`{"status":"completed","note":"done"}`, 204},
		{`{"status":"completed","note":null}`, 204},
		{`{"status":"completed"}`, 204},
		{`{"note":"done"}`, 400},
		{`{"status":null}`, 400},
		{`{"status":"Completed"}`, 400},
		{`{"status":"completed","note":1}`, 400},
		{`{"status":"completed","why":"x"}`, 400},
		{``, 400},
	} {
		s, url := start(t, three(), Options{})
		must(t, "POST", url+collection+"/"+idA+"/updateStatus", tt.body, tt.want)
		want := map[int]string{204: `"completed"`, 400: `"pending"`}[tt.want]
		if got := field(t, s, idA, "status"); got != want {
			t.Errorf("%s: status %s, want %s", tt.body, got, want)
		}
	}
}
