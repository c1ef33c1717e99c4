package graph

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

func TestReadOnlyLetsNothingButReadsThrough(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, aPage("", "a")) })
	c := s.client(t, Config{Transport: ReadOnly(NewTransport())})
	if tasks, err := c.ListTasks(ctxOf(t), nil); err != nil || len(tasks) != 1 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	const reading = `{"requests":[{"id":"1","method":"GET","url":"/x"}]}`
	for _, method := range []string{"POST", "PATCH", "PUT", "DELETE", "OPTIONS", "get"} {
		_, err := c.call(ctxOf(t), method, s.URL+"/beta/x", "id", []byte(reading), 100)
		wantError(t, err, method+" /beta/x refused: this command sends nothing")
		if errors.Is(err, ErrConnection) {
			t.Errorf("%s: nothing was sent, yet the error leaves it in doubt: %v", method, err)
		}
	}
	if n := len(s.requests()); n != 1 {
		t.Errorf("%d calls arrived; want the one GET", n)
	}
}

// A $batch passes a read-only transport where every reader of its body must find GET items and nothing else.
func TestReadOnlyBatch(t *testing.T) {
	var arrived string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		arrived = string(body)
		fmt.Fprint(w, `{"responses":[]}`)
	})
	c := s.client(t, Config{Transport: ReadOnly(NewTransport())})
	const get = `{"id":"1","method":"GET","url":"/x"}`
	for _, body := range []string{
		`{"requests":[` + get + `]}`, ` {"requests" : [` + get + `,{"url":"/y","method":"GET","id":"2"}]} ` + "\n",
	} {
		if _, err := c.call(ctxOf(t), "POST", s.URL+"/beta/$batch", "id", []byte(body), 100); err != nil || arrived != body {
			t.Errorf("%s: arrived as %q, %v", body, arrived, err)
		}
	}
	if _, err := c.Batch(ctxOf(t), "id", []Item{{ID: "1", Method: "GET", URL: TaskURL("a/ü")}}); err != nil {
		t.Error(err)
	}
	before := len(s.requests())
	for _, body := range []string{
		"", "null", "[]", "{}", `{"requests":null}`, `{"requests":[]}`, `{"requests":[null]}`, `{"requests":[{}]}`, `{"requests":{"1":` + get + `}}`,
		`{"requests":[{"id":"1","method":"PATCH","url":"/x"}]}`, `{"requests":[{"id":"1","method":"get","url":"/x"}]}`, `{"requests":[{"id":"1","method":"GET ","url":"/x"}]}`,
		`{"requests":[` + get + `,{"id":"2","method":"DELETE","url":"/x"}]}`,
		`{"requests":[{"id":"1","method":"GET","method":"PATCH","url":"/x"}]}`, `{"requests":[{"id":"1","method":"PATCH","method":"GET","url":"/x"}]}`,
		`{"requests":[{"id":"1","method":"GET","Method":"PATCH","url":"/x"}]}`, `{"requests":[{"id":"1","METHOD":"GET","url":"/x"}]}`,
		`{"requests":[{"id":"1","method":"GET","m\u0065thod":"PATCH","url":"/x"}]}`,
		`{"requests":[{"id":"1","method":["GET"],"url":"/x"}]}`, `{"requests":[{"id":"1","method":"GET","url":"/x","body":{}}]}`,
		`{"requests":[{"id":"1","method":"GET","url":"/x","headers":{"X-HTTP-Method-Override":"PATCH"}}]}`,
		`{"requests":[` + get + `],"requests":[{"id":"1","method":"PATCH","url":"/x"}]}`, `{"requests":[` + get + `],"Requests":[{"id":"1","method":"PATCH","url":"/x"}]}`,
		`{"requests":[` + get + `]}{"requests":[{"id":"1","method":"PATCH","url":"/x"}]}`, `{"requests":[` + get + `],}`, "\xef\xbb\xbf" + `{"requests":[` + get + `]}`,
		`{"requests":[` + get + `]` + strings.Repeat(" ", maxReading) + `}`,
	} {
		_, err := c.call(ctxOf(t), "POST", s.URL+"/beta/$batch", "id", []byte(body), 100)
		if wantError(t, err, "POST /beta/$batch refused: this command sends nothing"); errors.Is(err, ErrConnection) {
			t.Errorf("%.100s: nothing was sent, yet the error leaves it in doubt: %v", body, err)
		}
	}
	if n := len(s.requests()) - before; n != 0 {
		t.Errorf("%d calls arrived", n)
	}
}
