package sandbox

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
)

func patchItem(id, taskID, members string) string {
	return fmt.Sprintf(`{"id":%q,"method":"PATCH","url":"/deviceAppManagement/deviceAppManagementTasks/%s","headers":{"content-TYPE":"application/json"},"body":%s}`,
		id, taskID, patchBody(members))
}

func envelope(items ...string) string { return `{"requests":[` + strings.Join(items, ",") + `]}` }

// answered is an item's answer as the client sees it.
type answered struct {
	ID      string
	Status  int
	Headers map[string]string
	Body    json.RawMessage
}

func responses(t *testing.T, body string) []answered {
	t.Helper()
	var out struct{ Responses []answered }
	if err := json.Unmarshal([]byte(body), &out); err != nil {
		t.Fatalf("%v: %s", err, body)
	}
	return out.Responses
}

func byID(t *testing.T, body string) map[string]answered {
	t.Helper()
	out := map[string]answered{}
	for _, r := range responses(t, body) {
		if _, twice := out[r.ID]; twice {
			t.Errorf("%s is answered twice", r.ID)
		}
		out[r.ID] = r
	}
	return out
}

// post gives an envelope to the handler itself, without a connection.
func post(t testing.TB, s *Server, body string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, "/beta/$batch", strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer secret")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		t.Fatalf("status %d: %s", w.Code, w.Body)
	}
	return w
}

func TestBatchRefusedWhole(t *testing.T) {
	var many []string
	for i := range 21 {
		many = append(many, patchItem(fmt.Sprint(i), idA, `"status":"active"`))
	}
	for name, body := range map[string]string{
		"21 items":                     envelope(many...),
		"none":                         envelope(),
		"no JSON":                      `<html>`,
		"same id":                      envelope(patchItem("a", idA, `"status":"active"`), patchItem("A", idB, `"status":"active"`)),
		"no id":                        envelope(patchItem("", idA, `"status":"active"`)),
		"number id":                    `{"requests":[{"id":1,"method":"GET","url":"/x"}]}`,
		"no method":                    `{"requests":[{"id":"1","url":"/x"}]}`,
		"depends on what is not there": `{"requests":[{"id":"1","method":"GET","url":"/x"},{"id":"2","method":"GET","url":"/x","dependsOn":["3"]}]}`,
		"depends on itself":            `{"requests":[{"id":"1","method":"GET","url":"/x","dependsOn":["1"]}]}`,
	} {
		s, url := start(t, three(), Options{})
		must(t, "POST", url+"/beta/$batch", body, 400)
		if st := s.Stats(); st.Batches != 0 || st.Writes != 0 || field(t, s, idA, "status") != `"pending"` {
			t.Errorf("%s: something was done: %+v", name, st)
		}
	}
}

func TestBatchItems(t *testing.T) {
	s, url := start(t, three(), Options{})
	const path = "deviceAppManagement/deviceAppManagementTasks"
	_, body := must(t, "POST", url+"/beta/$batch", envelope(
		patchItem("good", idA, `"status":"active"`),
		patchItem("bad", idB, `"status":"Active"`),
		patchItem("gone", "absent", `"status":"active"`),
		`{"id":"get","method":"get","url":"`+path+`/`+idA+`"}`,
		`{"id":"list","method":"GET","url":"/`+path+`"}`,
		`{"id":"status","method":"POST","url":"/`+path+`/`+idB+`/updateStatus","headers":{"Content-Type":"application/json; charset=utf-8"},"body":{"status":"rejected","note":"n"}}`,
		`{"id":"untyped","method":"PATCH","url":"/`+path+`/`+idB+`","body":`+patchBody(`"status":"active"`)+`}`,
		`{"id":"bodiless","method":"PATCH","url":"/`+path+`/`+idB+`","headers":{"Content-Type":"application/json"}}`,
		`{"id":"absolute","method":"GET","url":"`+url+collection+`"}`,
		`{"id":"beta","method":"GET","url":"`+collection+`"}`,
		`{"id":"delete","method":"DELETE","url":"/`+path+`/`+idA+`"}`,
	), 200)
	got := byID(t, body)
	for id, want := range map[string]int{
		"good": 200, "bad": 400, "gone": 404, "get": 200, "list": 200, "status": 204,
		"untyped": 400, "bodiless": 400, "absolute": 400, "beta": 404, "delete": 405,
	} {
		if got[id].Status != want {
			t.Errorf("%s: %d, want %d: %s", id, got[id].Status, want, got[id].Body)
		}
	}
	if !strings.Contains(string(got["get"].Body), `"status":"active"`) {
		t.Errorf("the items were not performed in order: %s", got["get"].Body)
	}
	if len(got["status"].Body) != 0 || field(t, s, idB, "status") != `"rejected"` {
		t.Error("updateStatus went wrong")
	}
	if st := s.Stats(); st.Batches != 1 || st.Applied[idA] != 1 || st.Requests != 1 {
		t.Errorf("stats %+v", st)
	}
}

// A request that depends on one that failed is not made, nor is one that depends on that.
func TestBatchDependsOn(t *testing.T) {
	s, url := start(t, three(), Options{})
	after := func(id, on, task string) string {
		return strings.Replace(patchItem(id, task, `"status":"active"`), `{`, `{"dependsOn":["`+on+`"],`, 1)
	}
	_, body := must(t, "POST", url+"/beta/$batch", envelope(patchItem("a", idA, `"status":"active"`), after("b", "A", idB), patchItem("c", idB, `"status":"none"`), after("d", "c", idB), after("e", "d", idB)), 200)
	got := map[string]int{}
	for _, r := range responses(t, body) {
		got[r.ID] = r.Status
	}
	if fmt.Sprint(got) != "map[a:200 b:200 c:400 d:424 e:424]" || s.Stats().Writes != 3 {
		t.Errorf("%v, %d writes", got, s.Stats().Writes)
	}
}

// The key of a task may be in quotes and brackets.
func TestKeyForm(t *testing.T) {
	_, url := start(t, []json.RawMessage{json.RawMessage(`{"id":"it's","@odata.type":"#microsoft.graph.securityConfigurationTask","status":"active"}`)}, Options{})
	for _, path := range []string{"deviceAppManagementTasks('it''s')", "deviceAppManagementTasks/it's"} {
		must(t, "GET", url+"/beta/deviceAppManagement/"+path, "", 200)
	}
	must(t, "POST", url+"/beta/deviceAppManagement/deviceAppManagementTasks('it''s')/updateStatus", `{"status":"active"}`, 204)
	must(t, "GET", url+"/beta/deviceAppManagement/deviceAppManagementTasks('its')", "", 404)
}

func TestTraits(t *testing.T) {
	one := []json.RawMessage{json.RawMessage(`{"id":"a","@odata.type":"#microsoft.graph.securityConfigurationTask","status":"active","dueDateTime":"2026-01-02T03:04:05.5Z"}`)}
	for name, want := range map[string]string{
		"odd-case": `"status":"Active"`, "nine-digits": `"dueDateTime":"2026-01-02T03:04:05.500000000Z"`, "no-zone": `"dueDateTime":"2026-01-02T03:04:05.5"`,
		"etag": `"@odata.etag":"W/\"1\""`,
	} {
		_, url := start(t, one, Options{Faults: []Fault{{Name: name}}})
		for _, path := range []string{"", "/a"} {
			if _, body := must(t, "GET", url+collection+path, "", 200); !strings.Contains(string(body), want) {
				t.Errorf("%s: %s", name, body)
			}
		}
	}
	_, url := start(t, one, Options{Faults: []Fault{{Name: "keep-status"}}})
	if _, body := must(t, "PATCH", url+collection+"/a", `{"@odata.type":"#microsoft.graph.securityConfigurationTask","status":"rejected","assignedTo":"x"}`, 200); !strings.Contains(string(body), `"status":"active"`) || !strings.Contains(string(body), `"assignedTo":"x"`) {
		t.Errorf("%s", body)
	}
}

func TestBatchAnswersInAnyOrderAndCase(t *testing.T) {
	var asked []string
	var items []string
	for i := range 20 {
		id := fmt.Sprintf("%02d", i)
		asked = append(asked, id)
		items = append(items, patchItem(id, idA, `"status":"active"`))
	}
	order := func(seed uint64) (ids, headers []string) {
		_, url := start(t, three(), Options{Seed: seed, Faults: []Fault{{Name: "odd-headers"}}})
		_, body := must(t, "POST", url+"/beta/$batch", envelope(items...), 200)
		for _, r := range responses(t, body) {
			ids = append(ids, r.ID)
			for name := range r.Headers {
				headers = append(headers, name)
			}
		}
		return ids, headers
	}
	first, headers := order(1)
	second, _ := order(1)
	third, _ := order(2)
	if slices.Equal(first, asked) || !slices.Equal(first, second) || slices.Equal(first, third) {
		t.Errorf("orders %v %v %v", first, second, third)
	}
	slices.Sort(headers)
	if got := slices.Compact(headers); len(got) != 3 {
		t.Errorf("header names %v, want three spellings", got)
	}
	slices.Sort(first)
	if !slices.Equal(first, asked) {
		t.Errorf("answers to %v", first)
	}
}

func TestBatchOverTheLimit(t *testing.T) {
	s, url := start(t, three(), Options{WriteLimit: 2})
	_, body := must(t, "POST", url+"/beta/$batch", envelope(patchItem("1", idA, `"status":"active"`),
		patchItem("2", idA, `"status":"completed"`), patchItem("3", idA, `"status":"rejected"`)), 200)
	third := byID(t, body)["3"]
	after := headerValues(third.Headers, "Retry-After")
	if third.Status != 429 || len(after) != 1 || after[0] != "20" || !strings.Contains(string(third.Body), `_version`) {
		t.Errorf("third item %+v %s", third, third.Body)
	}
	if got := field(t, s, idA, "status"); got != `"completed"` {
		t.Errorf("status %s", got)
	}
	must(t, "GET", url+collection, "", 200)
	if st := s.Stats(); st.Throttled != 1 || st.Received[idA] != 3 || st.Applied[idA] != 2 {
		t.Errorf("stats %+v", st)
	}
}
