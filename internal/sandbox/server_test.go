package sandbox

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"

	"taskrecon/internal/task"
)

const (
	idA = "5d630f12-0f12-5d63-120f-635d120f635d"
	idB = "6d630f12-0f12-5d63-120f-635d120f635d"
	idV = "7d630f12-0f12-5d63-120f-635d120f635d"
)

func securityJSON(id string) json.RawMessage {
	return json.RawMessage(`{"@odata.type":"#microsoft.graph.securityConfigurationTask","id":"` + id + `","displayName":"Encrypt","description":null,` +
		`"createdDateTime":"2017-01-01T00:02:43.5775965-08:00","dueDateTime":"0001-01-01T00:00:00Z","category":"unknown","priority":"none","creator":null,` +
		`"creatorNotes":"","assignedTo":"alice","status":"pending","endpointSecurityPolicy":"antivirus","applicablePlatform":"macOS",` +
		`"endpointSecurityPolicyProfile":"antivirus","insights":null,"managedDeviceCount":2,"intendedSettings":[]}`)
}

func three() []json.RawMessage {
	return []json.RawMessage{
		securityJSON(idA), securityJSON(idB),
		json.RawMessage(`{"@odata.type":"#microsoft.graph.appVulnerabilityTask","id":"` + idV + `","displayName":"Update","status":"pending","appName":"Acrobat"}`),
	}
}

func start(t *testing.T, tasks []json.RawMessage, o Options) (*Server, string) {
	t.Helper()
	s, err := New(tasks, o)
	if err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	return s, web.URL
}

var client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// do sends one request with a token and returns the answer with its body read.
func do(t *testing.T, method, url, body string) (*http.Response, string, error) {
	t.Helper()
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer secret")
	req.Header.Set("client-request-id", "ours")
	res, err := client.Do(req)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return res, string(data), err
}

func must(t *testing.T, method, url, body string, status int) (*http.Response, string) {
	t.Helper()
	res, text, err := do(t, method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != status {
		t.Fatalf("%s %s %s: status %d, want %d: %s", method, url, body, res.StatusCode, status, text)
	}
	return res, text
}

func field(t *testing.T, s *Server, id, name string) string {
	t.Helper()
	raw, ok := s.Task(id)
	if !ok {
		t.Fatalf("no task %s", id)
	}
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	return string(all[name])
}

func patchBody(members string) string {
	return `{"@odata.type":"#microsoft.graph.securityConfigurationTask",` + members + `}`
}

func TestAuthorization(t *testing.T) {
	for _, tt := range []struct {
		header, token string
		want          int
	}{
		{"", "", 401}, {"Bearer ", "", 401}, {"Basic abc", "", 401}, {"Bearer x", "", 200}, {"bearer x", "x", 200}, {"Bearer y", "x", 401},
	} {
		_, url := start(t, three(), Options{Token: tt.token})
		req, _ := http.NewRequest("GET", url+collection, nil)
		req.Header.Set("Authorization", tt.header)
		res, err := client.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != tt.want {
			t.Errorf("%q with token %q: %d, want %d", tt.header, tt.token, res.StatusCode, tt.want)
		}
		if tt.want == 401 && !strings.Contains(string(body), `"InvalidAuthenticationToken"`) {
			t.Errorf("401 is not in the shape of Graph: %s", body)
		}
	}
}

func TestEveryAnswerIsTraceable(t *testing.T) {
	_, url := start(t, three(), Options{})
	for _, path := range []string{collection, collection + "/" + idA, "/v1.0/$batch", "/"} {
		res, _, err := do(t, "GET", url+path, "")
		if err != nil {
			t.Fatal(err)
		}
		if res.Header.Get("request-id") == "" || res.Header.Get("client-request-id") != "ours" || res.Header.Get("Date") == "" {
			t.Errorf("%s: headers %v", path, res.Header)
		}
	}
}

func TestPaths(t *testing.T) {
	_, url := start(t, three(), Options{})
	for _, tt := range []struct {
		method, path string
		want         int
	}{
		{"GET", collection, 200},
		{"GET", collection + "?$filter=x", 400},
		{"GET", collection + "?$skiptoken=junk", 400},
		{"POST", collection, 405},
		{"GET", collection + "/" + strings.ToUpper(idA), 200},
		{"GET", collection + "/absent", 404},
		{"DELETE", collection + "/" + idA, 405},
		{"PATCH", collection + "/absent", 404},
		{"GET", strings.Replace(collection, "beta", "v1.0", 1), 404},
		{"POST", "/v1.0/$batch", 404},
		{"GET", "/beta/$batch", 405},
		{"GET", "/beta/users", 404},
		{"POST", collection + "/" + idA + "/approve", 404},
	} {
		must(t, tt.method, url+tt.path, "", tt.want)
	}
}

func TestNotFoundNestsItsMessage(t *testing.T) {
	_, url := start(t, three(), Options{})
	_, body := must(t, "GET", url+collection+"/absent", "", 404)
	var outer struct {
		Error struct {
			Code, Message string
			Innererror    map[string]string
		}
	}
	if err := json.Unmarshal([]byte(body), &outer); err != nil {
		t.Fatal(err)
	}
	var inner struct{ Message string }
	if err := json.Unmarshal([]byte(outer.Error.Message), &inner); err != nil {
		t.Fatalf("the message is no JSON document: %v: %s", err, outer.Error.Message)
	}
	if !strings.Contains(inner.Message, "absent") || outer.Error.Innererror["client-request-id"] != "ours" {
		t.Errorf("error %+v", outer.Error)
	}
}

// walk follows the pages from the first and returns the ids in the order seen, and the pages.
func walk(t *testing.T, url string, most int) (ids []string, pages int) {
	t.Helper()
	for next := url + collection; next != "" && pages < most; pages++ {
		_, body := must(t, "GET", next, "", 200)
		var list struct {
			Next    string                `json:"@odata.nextLink"`
			Context string                `json:"@odata.context"`
			Value   []struct{ ID string } `json:"value"`
		}
		if err := json.Unmarshal([]byte(body), &list); err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(list.Context, url+"/beta/$metadata") {
			t.Errorf("context %q", list.Context)
		}
		for _, v := range list.Value {
			ids = append(ids, v.ID)
		}
		next = list.Next
	}
	return ids, pages
}

func TestPages(t *testing.T) {
	tasks := Generate(1001, 1)
	s, url := start(t, tasks, Options{PageSize: 100, WriteLimit: -1})
	ids, pages := walk(t, url, 100)
	if pages != 11 || len(ids) != 1001 {
		t.Fatalf("%d pages, %d ids", pages, len(ids))
	}
	for i, raw := range s.Tasks() {
		var head struct{ ID string }
		if err := json.Unmarshal(raw, &head); err != nil || head.ID != ids[i] {
			t.Fatalf("task %d is %s, listed as %s", i, head.ID, ids[i])
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, tasks := range map[string][]json.RawMessage{
		"no id":     {json.RawMessage(`{"@odata.type":"#x"}`)},
		"no type":   {json.RawMessage(`{"id":"a"}`)},
		"an array":  {json.RawMessage(`[]`)},
		"one twice": {securityJSON("A-1"), securityJSON("a-1")},
	} {
		if _, err := New(tasks, Options{}); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := New(nil, Options{Faults: []Fault{{Name: "nonsense"}}}); err == nil {
		t.Error("an unknown fault was accepted")
	}
}

func TestLoad(t *testing.T) {
	for _, tt := range []struct {
		in   string
		want int // -1 for an error
	}{
		{`{"@odata.context":"x","value":[{"id":"a","@odata.type":"#t"}]}`, 1},
		{"\ufeff [ {\"id\":\"a\",\"@odata.type\":\"#t\"} ]", 1},
		{`{"value":[]}`, 0},
		{`[]`, 0},
		{`{}`, -1},
		{`{"value":null}`, -1},
		{`[{"id":"a"}]`, -1},
		{`[1]`, -1},
		{``, -1},
		{`"x"`, -1},
	} {
		got, err := Load(strings.NewReader(tt.in))
		if (err != nil) != (tt.want < 0) || (err == nil && len(got) != tt.want) {
			t.Errorf("Load(%q) = %d tasks, %v; want %d", tt.in, len(got), err, tt.want)
		}
	}
}

// check validates all of a task as a PATCH of it would be, read-only properties included.
func check(raw json.RawMessage) error {
	r, err := newRecord(raw)
	if err != nil {
		return err
	}
	all, err := members(raw)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	for _, m := range all {
		seen[m.name] = true
		p := task.Lookup(m.name)
		if p == nil {
			continue
		}
		if _, err := readValue(p, m.value); err != nil {
			return fmt.Errorf("%s: %w", r.id, err)
		}
	}
	for _, p := range task.All() {
		if !seen[p.Name] && task.KindOf(r.kind).Has(p) {
			return fmt.Errorf("%s lacks %s", r.id, p.Name)
		}
	}
	return nil
}

func kinds(t *testing.T, tasks []json.RawMessage) map[string]int {
	t.Helper()
	count := map[string]int{}
	for _, raw := range tasks {
		if err := check(raw); err != nil {
			t.Error(err)
		}
		r, err := newRecord(raw)
		if err != nil {
			t.Fatal(err)
		}
		count[strings.TrimPrefix(r.kind, "#microsoft.graph.")]++
	}
	return count
}

func TestGenerate(t *testing.T) {
	tasks := Generate(400, 7)
	want := map[string]int{"securityConfigurationTask": 100, "appVulnerabilityTask": 280, "unmanagedDeviceDiscoveryTask": 20}
	if got := kinds(t, tasks); !reflect.DeepEqual(got, want) {
		t.Errorf("kinds %v, want %v", got, want)
	}
	if !reflect.DeepEqual(tasks, Generate(400, 7)) {
		t.Error("the same seed gave other tasks")
	}
	if reflect.DeepEqual(tasks, Generate(400, 8)) {
		t.Error("another seed gave the same tasks")
	}
	if _, err := New(tasks, Options{}); err != nil {
		t.Error(err)
	}
}

func TestListen(t *testing.T) {
	s, err := New(three(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, addr := range []string{"", ":0", "0.0.0.0:0", "[::]:0", "192.0.2.1:0", "example.com:0", "localhost"} {
		if l, err := s.Listen(addr); err == nil {
			t.Errorf("%q was accepted", addr)
			_ = l.Close()
		}
	}
	l, err := s.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	must(t, "GET", l.URL+collection, "", 200)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if _, _, err := do(t, "GET", l.URL+collection, ""); err == nil {
		t.Error("it still answers after Close")
	}
}

func TestLatencyOfEveryCall(t *testing.T) {
	_, url := start(t, three(), Options{Latency: 30 * time.Millisecond})
	began := time.Now()
	if must(t, "GET", url+collection, "", 200); time.Since(began) < 30*time.Millisecond {
		t.Errorf("answered after %s", time.Since(began))
	}
}
