package graph

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"taskrecon/internal/task"
)

// itemsOf are the items of a $batch.
func itemsOf(t *testing.T, r *http.Request) (items []Item) {
	t.Helper()
	var body struct{ Requests []Item }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		t.Error(err)
	}
	for _, item := range body.Requests {
		if item.Method != "GET" || !strings.HasPrefix(item.URL, TasksPath+"/") || item.Body != nil {
			t.Errorf("asked for %+v", item)
		}
	}
	return body.Requests
}

func TestTasksById(t *testing.T) {
	sizes := []int{}
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		var answers []string
		items := itemsOf(t, r)
		sizes = append(sizes, len(items))
		for _, item := range items {
			id := strings.TrimPrefix(item.URL, TasksPath+"/")
			answer := fmt.Sprintf(`{"id":%q,"status":200,"body":{%s,"id":%q,"displayName":"of %s"}}`, item.ID, managed, strings.ToUpper(id), id)
			switch id {
			case "none":
				answer = fmt.Sprintf(`{"id":%q,"status":404,"body":{"error":{"code":"ResourceNotFound"}}}`, item.ID)
			case "denied":
				answer = fmt.Sprintf(`{"id":%q,"status":403,"body":{"error":{"code":"Forbidden"}}}`, item.ID)
			case "other":
				answer = fmt.Sprintf(`{"id":%q,"status":200,"body":{"id":"another"}}`, item.ID)
			case "empty":
				answer = fmt.Sprintf(`{"id":%q,"status":204}`, item.ID)
			case "strange":
				answer = fmt.Sprintf(`{"id":%q,"status":200,"body":{%s,"id":"strange","status":7}}`, item.ID, managed)
			}
			answers = append([]string{answer}, answers...)
		}
		fmt.Fprintf(w, `{"responses":[%s]}`, strings.Join(answers, ","))
	})
	ids := []string{"none", "denied", "other", "empty", "strange"}
	for i := range 42 {
		ids = append(ids, fmt.Sprintf("task-%d", i))
	}
	looks, err := s.client(t, Config{Transport: ReadOnly(NewTransport())}).Tasks(ctxOf(t), ids, nil)
	if err != nil || len(looks) != len(ids) || !slices.Equal(sizes, []int{20, 20, 7}) {
		t.Fatalf("%d looks in calls of %v, %v", len(looks), sizes, err)
	}
	for i, l := range looks {
		switch {
		case i == 0 && (l.Task != nil || l.Err != nil):
			t.Errorf("a task that is not there: %+v", l)
		case i > 0 && i < 5:
			if l.Task != nil {
				t.Errorf("%s: a task", ids[i])
			}
			wantError(t, l.Err, []string{"", "HTTP 403 Forbidden", `task "another"`, "HTTP 204", "status: want a JSON string"}[i])
		case i >= 5 && (l.Err != nil || l.Task == nil || l.Task.ID != strings.ToUpper(ids[i]) || l.Task.Get(task.DisplayName).String() != "of "+ids[i]):
			t.Errorf("%s: %+v", ids[i], l)
		}
	}
	if l := looks[5]; l.Task != nil && (!l.Task.Had(task.DisplayName) || l.Task.Had(task.Status)) {
		t.Error("which properties were sent is lost")
	}
}

// What fails for a passing reason is asked for again: single items, and whole calls.
func TestTasksByIdAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sizes []int
		c := New(Config{Root: root(t, "https://graph.example"), Credential: &tokens{}, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			items := itemsOf(t, r)
			sizes = append(sizes, len(items))
			answers := map[int]string{
				1: `{"responses":[{"id":"1","status":404},{"id":"2","status":429,"headers":{"Retry-After":"30"}},{"id":"4","status":500}]}`,
				3: `{"responses":[{"id":"2","status":404},{"id":"3","status":404},{"id":"3","status":404},{"id":"4","status":503}]}`,
				4: `{"responses":[{"id":"3","status":404},{"id":"4","status":503}]}`,
			}
			if body, ok := answers[len(sizes)]; ok {
				return response(200, body), nil
			}
			return response(502, "<html>"), nil
		})})
		var told []string
		began := time.Now()
		looks, err := c.Tasks(t.Context(), []string{"a", "b", "c", "d"}, func(page int, at time.Time, why error) { told = append(told, fmt.Sprintf("%d %.8s", page, why)) })
		if !slices.Equal(sizes, []int{4, 3, 3, 2, 1, 1}) || !slices.Equal(told, []string{"1 HTTP 429", "1 HTTP 502", "1 no whole", "1 HTTP 503", "1 HTTP 502"}) {
			t.Errorf("items asked for: %v; waits: %q", sizes, told)
		}
		var refused *Error
		if looks != nil || !errors.As(err, &refused) || refused.Status != 502 || !Busy(err) || time.Since(began) < 30*time.Second {
			t.Errorf("%v, %v after %s", looks, err, time.Since(began))
		}
		// An item that fails to the last costs only itself.
		sizes = []int{0, 0, 0}
		c.http.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
			return response(200, `{"responses":[{"id":"1","status":404},{"id":"2","status":503}]}`), nil
		})
		looks, err = c.Tasks(t.Context(), []string{"a", "b"}, nil)
		if err != nil || len(looks) != 2 || looks[0].Err != nil || !Busy(looks[1].Err) {
			t.Errorf("%+v, %v", looks, err)
		}
	})
}
