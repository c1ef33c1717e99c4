package graph

import (
	"context"
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

const managed = `"@odata.type":"#microsoft.graph.securityConfigurationTask"`

// aPage is a page of the list with tasks of these ids; next may be empty.
func aPage(next string, ids ...string) string {
	tasks := make([]string, len(ids))
	for i, id := range ids {
		tasks[i] = fmt.Sprintf(`{%s,"id":%q,"displayName":"at %d"}`, managed, id, i)
	}
	link := ""
	if next != "" {
		raw, _ := json.Marshal(next)
		link = `"@odata.nextLink":` + string(raw) + ","
	}
	return `{"@odata.context":"x",` + link + `"value":[` + strings.Join(tasks, ",") + `]}`
}

func ids(tasks []*task.Task) []string {
	var ids []string
	for _, t := range tasks {
		ids = append(ids, t.ID)
	}
	return ids
}

// pages serves a list whose nextLinks are the service's address with ?page= and the key.
func pages(t *testing.T, at map[string]func(self string) string) *service {
	var s *service
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		p, ok := at[r.URL.Query().Get("page")]
		if !ok || r.URL.Path != "/beta/deviceAppManagement/deviceAppManagementTasks" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, p(s.URL+r.URL.Path+"?page="))
	})
	return s
}

func TestListFollowsPages(t *testing.T) {
	s := pages(t, map[string]func(string) string{
		"":  func(self string) string { return aPage(self+"2", "b", "A") },
		"2": func(self string) string { return aPage(self + "3") },
		"3": func(self string) string { return aPage(self+"4", "a", "c", "B") }, // two of them again
		"4": func(string) string {
			return `{"value":[{"@odata.type":"#microsoft.graph.newTask","id":"v"}]}`
		},
	})
	c := s.client(t, Config{UserAgent: "taskrecon/test"})
	tasks, err := c.ListTasks(ctxOf(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := ids(tasks); !slices.Equal(got, []string{"b", "A", "c", "v"}) {
		t.Errorf("listed %q", got)
	}
	if tasks[1].Get(task.DisplayName).String() != "at 1" || !tasks[0].Managed() || tasks[3].Managed() {
		t.Errorf("of a task listed twice the first counts; got %+v", tasks[1])
	}
	calls := s.requests()
	if len(calls) != 4 || c.Requests() != 4 {
		t.Errorf("%d calls arrived, %d counted; want 4", len(calls), c.Requests())
	}
	seen := map[string]bool{}
	for _, r := range calls {
		id := r.Header.Get("client-request-id")
		if r.Method != http.MethodGet || r.Header.Get("Authorization") != "Bearer "+secret+"-0" || r.UserAgent() != "taskrecon/test" || len(id) != 36 || seen[id] {
			t.Errorf("%s %s with the headers %v", r.Method, r.URL, r.Header)
		}
		seen[id] = true
	}
	if q := calls[0].URL.RawQuery; q != "" {
		t.Errorf("the first page is asked for with %q; no query option is documented", q)
	}
}

func TestListOfNothing(t *testing.T) {
	s := pages(t, map[string]func(string) string{"": func(string) string { return `{"value":[]}` }})
	tasks, err := s.client(t, Config{}).ListTasks(ctxOf(t), nil)
	if err != nil || len(tasks) != 0 {
		t.Errorf("%d tasks, %v; want none", len(tasks), err)
	}
}

func TestListThatDoesNotEnd(t *testing.T) {
	for name, at := range map[string]map[string]func(string) string{
		"a page that names itself": {"": func(self string) string { return aPage(self+"2", "a") }, "2": func(self string) string { return aPage(self+"2", "b") }},
		"a ring of two":            {"": func(self string) string { return aPage(self+"2", "a") }, "2": func(self string) string { return aPage(self+"3", "b") }, "3": func(self string) string { return aPage(self + "2") }},
	} {
		s := pages(t, at)
		_, err := s.client(t, Config{}).ListTasks(ctxOf(t), nil)
		wantError(t, err, "the list of tasks does not end")
		if got := len(s.requests()); got != len(at) {
			t.Errorf("%s: %d calls; want %d", name, got, len(at))
		}
	}
}

func TestListWaitsAndAsksAgain(t *testing.T) {
	failures := []int{429, 503, 504, 509}
	var s *service
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		n := len(s.requests())
		switch {
		case r.URL.RawQuery == "":
			fmt.Fprint(w, aPage(s.URL+r.URL.Path+"?page=2", "a"))
		case n-2 < len(failures):
			w.Header().Set("Retry-After", "0.01")
			w.WriteHeader(failures[n-2])
			fmt.Fprint(w, `{"error":{"code":"TooManyRequests","message":"slow down"}}`)
		default:
			fmt.Fprint(w, aPage("", "b"))
		}
	})
	var said []string
	began := time.Now()
	tasks, err := s.client(t, Config{}).ListTasks(ctxOf(t), func(page int, at time.Time, why error) {
		said = append(said, fmt.Sprintf("page %d: %.8s", page, why))
		if at.Before(began.Add(10 * time.Millisecond)) {
			t.Errorf("page %d is asked for again at %s, which is before the wait", page, at)
		}
	})
	if err != nil || !slices.Equal(ids(tasks), []string{"a", "b"}) {
		t.Fatalf("listed %q, %v", ids(tasks), err)
	}
	if waited := time.Since(began); waited < 40*time.Millisecond || waited > 5*time.Second {
		t.Errorf("waited %s for four times 10 ms", waited)
	}
	if want := []string{"page 2: HTTP 429", "page 2: HTTP 503", "page 2: HTTP 504", "page 2: HTTP 509"}; !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
	if n := len(s.requests()); n != 6 {
		t.Errorf("%d calls; want 6: only the page that failed is asked for again", n)
	}
}

func TestListGivesUp(t *testing.T) {
	for status, calls := range map[int]int{429: listAttempts, 408: listAttempts, 500: listAttempts, 502: listAttempts, 403: 1, 400: 1, 404: 1, 410: 1, 501: 1} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "0.001")
			w.WriteHeader(status)
			fmt.Fprint(w, `{"error":{"code":"SomeCode","message":"some words"}}`)
		})
		_, err := s.client(t, Config{}).ListTasks(ctxOf(t), nil)
		wantError(t, err, "listing the tenant's tasks, page 1", "SomeCode: some words")
		var refused *Error
		if !errors.As(err, &refused) || refused.Status != status {
			t.Errorf("HTTP %d: error %v is no *Error of that status", status, err)
		}
		if Busy(err) != (calls > 1) {
			t.Errorf("HTTP %d: busy %t; it is asked for %d times", status, Busy(err), calls)
		}
		if n := len(s.requests()); n != calls {
			t.Errorf("HTTP %d: %d calls; want %d", status, n, calls)
		}
	}
}

// A page token ends while the list is read: it begins again, but not for ever.
func TestListBeginsAgain(t *testing.T) {
	for status, passing := range map[int]bool{400: true, 410: true, 404: false} {
		for _, ends := range []int{1, 99} { // times that the token has ended
			var s *service
			n := 0
			s = serve(t, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.RawQuery == "":
					fmt.Fprint(w, aPage(s.URL+r.URL.Path+"?page=2", "a", "b"))
				case n < ends:
					n++
					w.WriteHeader(status)
					fmt.Fprint(w, `{"error":{"code":"ExpiredPageToken","message":"too late"}}`)
				default:
					fmt.Fprint(w, aPage("", "c"))
				}
			})
			said := 0
			tasks, err := s.client(t, Config{}).ListTasks(ctxOf(t), func(page int, _ time.Time, why error) { said++; wantError(t, why, "page 2", "too late") })
			switch {
			case passing && ends == 1:
				if err != nil || !slices.Equal(ids(tasks), []string{"a", "b", "c"}) || said != 1 {
					t.Errorf("HTTP %d: %q, %v, said %d times", status, ids(tasks), err, said)
				}
			default:
				calls := map[bool]int{true: 2 * listBegins, false: 2}[passing]
				if wantError(t, err, "page 2", "too late"); Busy(err) != passing || len(s.requests()) != calls {
					t.Errorf("HTTP %d: busy %t after %d calls: %v", status, Busy(err), len(s.requests()), err)
				}
			}
		}
	}
}

// Answers of no use: those that another attempt may help are retried with growing pauses, others are not.
func TestListOfUselessAnswers(t *testing.T) {
	cases := []struct {
		name, body string
		passing    bool
		words      string
	}{
		{"a proxy's page", "<html>\n<h1>Sign in</h1></html>", true, `the answer is not Graph's JSON: "<html> <h1>Sign in</h1></html>"`},
		{"cut short", `{"value":[{"id":"a"`, true, "not Graph's JSON"},
		{"empty", "", true, "an empty body"},
		{"an array", `[]`, false, "not a list of tasks: json: "},
		{"null", `null`, false, "not a list of tasks"},
		{"no value", `{}`, false, "not a list of tasks"},
		{"an error with 200", `{"error":{"code":"x"}}`, false, "not a list of tasks"},
		{"a nextLink of the wrong shape", `{"value":[],"@odata.nextLink":7}`, false, "not a list of tasks: json: "},
	}
	for _, c := range cases {
		synctest.Test(t, func(t *testing.T) {
			calls := 0
			client := New(Config{Root: root(t, "https://graph.example"), Credential: &tokens{}, Transport: roundTripper(func(*http.Request) (*http.Response, error) {
				calls++
				return response(200, c.body), nil
			})})
			began := time.Now()
			tasks, err := client.ListTasks(t.Context(), nil)
			if tasks != nil {
				t.Errorf("%s: %d tasks", c.name, len(tasks))
			}
			wantError(t, err, c.words)
			if errors.Is(err, ErrConnection) != c.passing {
				t.Errorf("%s: error %v; a lost answer: want %t", c.name, err, c.passing)
			}
			want, least, most := 1, time.Duration(0), time.Duration(0)
			if c.passing {
				// Five pauses of 1, 2, 4, 8 and 16 seconds, a quarter more or less.
				want, least, most = listAttempts, 31*time.Second*3/4, 31*time.Second*5/4
			}
			if waited := time.Since(began); calls != want || waited < least || waited > most {
				t.Errorf("%s: %d calls in %s; want %d in %s to %s", c.name, calls, waited, want, least, most)
			}
		})
	}
}

// A task that cannot be understood keeps its id, and the list goes on.
func TestListOfStrangeTasks(t *testing.T) {
	for task, want := range map[string]string{
		`null`: " unknown kind or shape (it is null)", `7`: " unknown kind or shape (want a task, got 7)",
		`{"displayName":"x"}`:                              " unknown kind or shape (the task has no id)",
		`{"id":7,"@odata.type":8}`:                         " unknown kind or shape (id: want a JSON string, got 7)",
		`{"@odata.type":{},"id":"a","status":1}`:           "a unknown kind or shape (@odata.type: want a JSON string, got {})",
		`{"status":[{"x":1}],"id":"a",` + managed + `}`:    `a unknown kind or shape (status: want a JSON string, got [{"x":1}])`,
		`{"id":"a",` + managed + `,"intendedSettings":{}}`: "a unknown kind or shape (intendedSettings: want an array of name and value, got {})",
	} {
		s := pages(t, map[string]func(string) string{"": func(string) string { return `{"value":[{"id":"first"},` + task + `,{"id":"last"}]}` }})
		tasks, err := s.client(t, Config{}).ListTasks(ctxOf(t), nil)
		if err != nil || len(tasks) != 3 || tasks[2].ID != "last" {
			t.Errorf("%s: %d tasks, %v", task, len(tasks), err)
		} else if got := tasks[1].ID + " " + tasks[1].Type; got != want {
			t.Errorf("%s: %q; want %q", task, got, want)
		}
	}
}

func TestListAsksAgainAfterALostConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		client := New(Config{Root: root(t, "https://graph.example"), Credential: &tokens{}, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if calls++; calls < 3 {
				return nil, errors.New("connection reset by peer")
			}
			return response(200, aPage("", "a")), nil
		})})
		tasks, err := client.ListTasks(t.Context(), nil)
		if err != nil || len(tasks) != 1 || calls != 3 {
			t.Errorf("%d tasks after %d calls, %v", len(tasks), calls, err)
		}
	})
}

func TestListStopsWaitingWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := New(Config{Root: root(t, "https://graph.example"), Credential: &tokens{}, Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			return response(429, "", "Retry-After", "600"), nil
		})})
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		_, err := client.ListTasks(ctx, nil)
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second {
			t.Errorf("after %s: %v; want the deadline after 5s", time.Since(began), err)
		}
	})
}
