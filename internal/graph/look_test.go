package graph

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"taskrecon/internal/task"
)

func TestTasksById(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		id := strings.TrimPrefix(r.URL.Path, "/beta"+TasksPath+"/")
		if r.Method != http.MethodGet {
			t.Errorf("asked by %s", r.Method)
		}
		switch id {
		case "none":
			w.WriteHeader(404)
		case "denied":
			w.WriteHeader(403)
			fmt.Fprint(w, `{"error":{"code":"Forbidden"}}`)
		case "other":
			fmt.Fprint(w, `{"id":"another"}`)
		case "empty":
			w.WriteHeader(204)
		case "strange":
			fmt.Fprintf(w, `{%s,"id":"strange","status":7}`, managed)
		default:
			fmt.Fprintf(w, `{%s,"id":%q,"displayName":"of %s"}`, managed, strings.ToUpper(id), id)
		}
	})
	ids := []string{"none", "denied", "other", "empty", "strange"}
	for i := range 42 {
		ids = append(ids, fmt.Sprintf("task-%d", i))
	}
	looks, err := s.client(t, Config{Transport: ReadOnly(NewTransport())}).Tasks(ctxOf(t), ids, nil)
	if err != nil || len(looks) != len(ids) {
		t.Fatalf("%d looks, %v", len(looks), err)
	}
	for i, l := range looks {
		switch {
		case i == 0 && (l.Task != nil || l.Err != nil):
			t.Errorf("a task that is not there: %+v", l)
		case i > 0 && i < 4:
			if l.Task != nil {
				t.Errorf("%s: a task", ids[i])
			}
			wantError(t, l.Err, []string{"", "HTTP 403 Forbidden", `task "another"`, "HTTP 204"}[i])
		case i == 4:
			if l.Err != nil || l.Task.Type != "unknown kind or shape (status: want a JSON string, got 7)" {
				t.Errorf("a task of another shape: %+v", l)
			}
		case i >= 5 && (l.Err != nil || l.Task == nil || l.Task.ID != strings.ToUpper(ids[i]) || l.Task.Get(task.DisplayName).String() != "of "+ids[i]):
			t.Errorf("%s: %+v", ids[i], l)
		}
	}
	if l := looks[5]; l.Task != nil && (!l.Task.Had(task.DisplayName) || l.Task.Had(task.Status)) {
		t.Error("which properties were sent is lost")
	}
}

// What fails for a passing reason is asked for again, as often as a page; what fails to the last costs only itself.
func TestTasksByIdAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		calls := map[string]int{}
		c := New(Config{Root: root(t, "https://graph.example"), Credential: &tokens{}, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			id := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
			calls[id]++
			if id == "busy" || id == "late" && calls[id] == 1 {
				return response(503, ""), nil
			}
			return response(404, ""), nil
		})})
		var told []string
		began := time.Now()
		looks, err := c.Tasks(t.Context(), []string{"gone", "late", "busy"}, func(page int, _ time.Time, why error) { told = append(told, fmt.Sprintf("%d %.8s", page, why)) })
		slices.Sort(told)
		if err != nil || calls["gone"] != 1 || calls["late"] != 2 || calls["busy"] != listAttempts || len(told) != listAttempts || time.Since(began) < 20*time.Second {
			t.Errorf("calls %v, waits %q, %v after %s", calls, told, err, time.Since(began))
		}
		if len(looks) != 3 || looks[0] != (Look{}) || looks[1] != (Look{}) || !Busy(looks[2].Err) {
			t.Errorf("%+v", looks)
		}
	})
}

// Without a sign-in no look can be had.
func TestTasksByIdWithoutSignIn(t *testing.T) {
	c := New(Config{Root: root(t, "https://graph.example"), Credential: StaticToken("t"), Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		return response(401, ""), nil
	})})
	if looks, err := c.Tasks(ctxOf(t), []string{"a"}, nil); looks != nil || !errors.Is(err, ErrSignIn) {
		t.Errorf("%v, %v", looks, err)
	}
}
