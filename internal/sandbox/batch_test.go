package sandbox

import (
	"encoding/json"
	"fmt"
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

func TestBatchRefusedWhole(t *testing.T) {
	var many []string
	for i := range 21 {
		many = append(many, patchItem(fmt.Sprint(i), idA, `"status":"active"`))
	}
	for name, body := range map[string]string{
		"21 items":   envelope(many...),
		"none":       envelope(),
		"no JSON":    `<html>`,
		"same id":    envelope(patchItem("a", idA, `"status":"active"`), patchItem("A", idB, `"status":"active"`)),
		"no id":      envelope(patchItem("", idA, `"status":"active"`)),
		"number id":  `{"requests":[{"id":1,"method":"GET","url":"/x"}]}`,
		"no method":  `{"requests":[{"id":"1","url":"/x"}]}`,
		"depends on": `{"requests":[{"id":"1","method":"GET","url":"/x"},{"id":"2","method":"GET","url":"/x","dependsOn":["1"]}]}`,
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
	if st := s.Stats(); st.Items != 11 || st.MaxBatch != 11 || st.Applied[idA] != 1 || st.Requests != 1 {
		t.Errorf("stats %+v", st)
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
		_, url := start(t, three(), Options{Seed: seed})
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
