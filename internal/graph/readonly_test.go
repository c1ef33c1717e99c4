package graph

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
)

func TestReadOnlyLetsNothingButReadsThrough(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, aPage("", "a")) })
	c := s.client(t, Config{Transport: ReadOnly(NewTransport())})
	if tasks, err := c.ListTasks(ctxOf(t), nil); err != nil || len(tasks) != 1 {
		t.Fatalf("%d tasks, %v", len(tasks), err)
	}
	for _, method := range []string{"POST", "PATCH", "PUT", "DELETE", "OPTIONS", "get"} {
		_, err := c.call(ctxOf(t), method, s.URL+"/beta/x", "id", []byte("{}"))
		wantError(t, err, method+" /beta/x refused: this command sends nothing")
		if errors.Is(err, ErrConnection) {
			t.Errorf("%s: nothing was sent, yet the error leaves it in doubt: %v", method, err)
		}
	}
	_, err := c.Batch(ctxOf(t), "id", []Item{{ID: "1", Method: "GET", URL: "/x"}})
	wantError(t, err, "refused")
	if n := len(s.requests()); n != 1 {
		t.Errorf("%d calls arrived; want the one GET", n)
	}
}
