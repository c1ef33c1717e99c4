package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestBatchRefusesTooMany(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"responses":[]}`) })
	c := s.client(t, Config{})
	for n, refused := range map[int]bool{0: true, 1: false, 20: false, 21: true} {
		before := len(s.requests())
		_, err := c.Batch(ctxOf(t), "id", make([]Item, n))
		if sent := len(s.requests()) > before; (err != nil) != refused || sent == refused {
			t.Errorf("%d items: sent %t, %v", n, sent, err)
		}
		if refused {
			wantError(t, err, fmt.Sprintf("1 to 20 items, not %d", n))
		}
	}
}

func TestBatchRequest(t *testing.T) {
	var body []byte
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ = io.ReadAll(r.Body)
		w.Header().Set("request-id", "outer")
		w.Header().Set("Retry-After", "0.25")
		fmt.Fprint(w, `{"responses":[]}`)
	})
	reply, err := s.client(t, Config{UserAgent: "ua"}).Batch(ctxOf(t), "mine", []Item{
		{ID: "1", Method: "PATCH", URL: TaskURL("a/b?c"), Headers: map[string]string{"Content-Type": "application/json"}, Body: json.RawMessage(`{"displayName":"<&>"}`)},
		{ID: "2", Method: "GET", URL: TaskURL("x")},
	})
	if err != nil || reply.RequestID != "outer" || reply.RetryAfter != 250*time.Millisecond {
		t.Fatalf("%+v, %v", reply, err)
	}
	const want = `{"requests":[{"id":"1","method":"PATCH","url":"/deviceAppManagement/deviceAppManagementTasks/a%2Fb%3Fc",` +
		`"headers":{"Content-Type":"application/json"},"body":{"displayName":"<&>"}},` +
		`{"id":"2","method":"GET","url":"/deviceAppManagement/deviceAppManagementTasks/x"}]}`
	if strings.TrimSpace(string(body)) != want {
		t.Errorf("the body is\n%s; want\n%s", body, want)
	}
	noToken(t, string(body))
	r := s.requests()[0]
	if r.Method != "POST" || r.URL.Path != "/beta/$batch" {
		t.Errorf("%s %s", r.Method, r.URL.Path)
	}
	for name, value := range map[string]string{
		"Content-Type": "application/json", "Accept": "application/json", "client-request-id": "mine", "User-Agent": "ua", "Authorization": "Bearer " + secret + "-0",
	} {
		if got := r.Header.Values(name); len(got) != 1 || got[0] != value {
			t.Errorf("header %s: %q; want %q", name, got, value)
		}
	}
}

func TestBatchRefusesABodyThatIsNoJSON(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	_, err := s.client(t, Config{}).Batch(ctxOf(t), "id", []Item{{ID: "1", Body: json.RawMessage(`{`)}})
	wantError(t, err, "encoding a $batch")
	if errors.Is(err, ErrConnection) || len(s.requests()) != 0 {
		t.Errorf("%d calls, %v; want nothing sent, and no doubt about it", len(s.requests()), err)
	}
}

// seen is an Answer in a form that compares.
type seen struct {
	id, body, requestID string
	status              int
	nilBody             bool
}

func TestBatchAnswers(t *testing.T) {
	cases := []struct {
		name, body string
		want       []seen
	}{
		{"none", `{"responses":[]}`, nil},
		{
			"any order, any case of headers", `{"responses":[{"id":"2","status":204,"headers":{"REQUEST-ID":"b"}},{"id":"1","status":200,"headers":{"request-id":"a"},"body":{"id":"x"}}]}`,
			[]seen{{id: "2", status: 204, requestID: "b", nilBody: true}, {id: "1", status: 200, requestID: "a", body: `{"id":"x"}`}},
		},
		{"ids and headers as numbers", `{"responses":[{"id":7,"status":200,"headers":{"request-id":12.5},"body":{}}]}`, []seen{{id: "7", status: 200, requestID: "12.5", body: "{}"}}},
		{"null in all places", `{"responses":[{"id":"1","status":200,"headers":null,"body":null}]}`, []seen{{id: "1", status: 200, nilBody: true}}},
		{"null headers inside", `{"responses":[{"id":"1","status":200,"headers":{"request-id":null}}]}`, []seen{{id: "1", status: 200, nilBody: true}}},
		{"a body that is no object", `{"responses":[{"id":"1","status":500,"body":"PGh0bWw+"}]}`, []seen{{id: "1", status: 500, body: `"PGh0bWw+"`}}},
		{"one of a wrong shape costs only itself", `{"responses":[7,{"id":"1","status":"ok"},{"id":"2","status":200},[]]}`, []seen{{id: "2", status: 200, nilBody: true}}},
		{"names in any case, members twice, escapes", `{"Responses":[{"ID":"\u0031","status":404,"status":200,"headers":{"request-id":"\u0061"},"more":{}}]}`, []seen{{id: "1", status: 200, requestID: "a", nilBody: true}}},
		{"doubled ones are both there", `{"responses":[{"id":"1","status":200},{"id":"1","status":404}]}`, []seen{{id: "1", status: 200, nilBody: true}, {id: "1", status: 404, nilBody: true}}},
	}
	for _, outer := range []int{200, 424, 429} {
		for _, c := range cases {
			s := serve(t, func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(outer)
				fmt.Fprint(w, c.body)
			})
			reply, err := s.client(t, Config{}).Batch(ctxOf(t), "id", []Item{{ID: "1"}})
			if err != nil {
				t.Errorf("HTTP %d, %s: %v", outer, c.name, err)
				continue
			}
			var got []seen
			for i := range reply.Answers {
				a := &reply.Answers[i]
				got = append(got, seen{a.ID, string(a.Body), a.Header("Request-Id"), a.Status, a.Body == nil})
			}
			if !reflect.DeepEqual(got, c.want) {
				t.Errorf("HTTP %d, %s:\n%+v; want\n%+v", outer, c.name, got, c.want)
			}
			if reply.RetryAfter >= 0 {
				t.Errorf("HTTP %d, %s: waits %s unasked", outer, c.name, reply.RetryAfter)
			}
		}
	}
}

// What an answer without responses means depends on its status: refused, or not known.
func TestBatchWithoutAnswers(t *testing.T) {
	const html = "<html><b>Gateway</b></html>"
	cases := []struct {
		status  int
		body    string
		refused bool
		words   string
	}{
		{200, html, false, `no whole answer: HTTP 200, the answer is not Graph's JSON: "<html><b>Gateway</b></html>"`},
		{200, "", false, "no whole answer: HTTP 200, an empty body"},
		{204, "", false, "no whole answer: HTTP 204, an empty body"},
		{200, "null", false, "no whole answer"},
		{200, `{}`, false, "no whole answer"},
		{200, `{"responses":null}`, false, "no whole answer"},
		{200, `{"responses":{}}`, false, "no whole answer"},
		{200, `{"responses":[{"id":"1","status":200}`, false, "no whole answer"},
		{424, "", true, "HTTP 424 Failed Dependency"},
		{503, html, true, `HTTP 503 Service Unavailable: the answer is not Graph's JSON: "<html><b>Gateway</b></html>"`},
		{429, `{"error":{"code":"TooManyRequests","message":"slow down"}}`, true, "HTTP 429 Too Many Requests, TooManyRequests: slow down"},
		{400, `{"error":{"code":"BadRequest","message":"Duplicate id"}}`, true, "HTTP 400 Bad Request, BadRequest: Duplicate id"},
	}
	for _, c := range cases {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "315")
			w.Header().Set("request-id", "outer")
			w.WriteHeader(c.status)
			fmt.Fprint(w, c.body)
		})
		_, err := s.client(t, Config{}).Batch(ctxOf(t), "id", []Item{{ID: "1"}})
		wantError(t, err, c.words)
		var e *Error
		if errors.As(err, &e) != c.refused || errors.Is(err, ErrConnection) == c.refused {
			t.Errorf("HTTP %d %s: %v; refused: want %t", c.status, c.body, err, c.refused)
		}
		if e != nil && (e.Status != c.status || e.RetryAfter != 315*time.Second || e.RequestID != "outer") {
			t.Errorf("HTTP %d %s: %+v", c.status, c.body, e)
		}
		if n := len(s.requests()); n != 1 {
			t.Errorf("HTTP %d: %d calls; Batch makes one", c.status, n)
		}
	}
}

func TestAnswerAsError(t *testing.T) {
	reply, err := decodeReply(&answer{status: 200, body: []byte(`{"responses":[{"id":"1","status":429,"headers":{"retry-after":"0.249","Request-ID":"r"},
		"body":{"error":{"code":"","message":"slow down"}}}]}`)})
	if err != nil {
		t.Fatal(err)
	}
	e := reply.Answers[0].Err()
	if e.Error() != "HTTP 429 Too Many Requests: slow down (request-id r)" || e.RetryAfter.Round(time.Millisecond) != 249*time.Millisecond {
		t.Errorf("%v, wait %s", e, e.RetryAfter)
	}
}

func FuzzDecodeReply(f *testing.F) {
	for _, s := range []string{"", "{}", `{"responses":[]}`, `{"responses":[null,7,{"id":1,"status":1e99,"headers":{"a":[1]},"body":null}]}`, `{"responses":[{"id":{},"status":200,"body":[]}]}`, "<html>"} {
		f.Add(200, []byte(s))
		f.Add(424, []byte(s))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		reply, err := decodeReply(&answer{status: status, header: http.Header{}, body: body})
		var e *Error
		switch {
		case (reply == nil) == (err == nil):
			t.Fatalf("reply %v with error %v", reply, err)
		case err != nil && !errors.As(err, &e) && !errors.Is(err, ErrConnection):
			t.Fatalf("an error of no kind: %v", err)
		case err != nil && e == nil && status/100 != 2:
			t.Fatalf("HTTP %d counts as a lost answer: %v", status, err)
		case err != nil:
			return
		}
		for i := range reply.Answers {
			a := &reply.Answers[i]
			if string(a.Body) == "null" || (a.Body != nil && !json.Valid(a.Body)) {
				t.Fatalf("body %q", a.Body)
			}
			_ = a.Err().Error()
		}
	})
}
