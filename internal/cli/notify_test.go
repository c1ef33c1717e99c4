package cli

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// webhook is a stand-in that writes down what it is sent.
type webhook struct {
	mu      sync.Mutex
	answers []string
	lines   []string
	bodies  map[string]string // by path, the last one
}

var hooks sync.Map // *testscript.TestScript to *webhook

// hook [ANSWER...] starts a webhook at $HOOK. Its answers to posts are given in order, then 200: a status, "away" for a
// redirect to another path, or "hang".
func startHook(ts *testscript.TestScript, _ bool, args []string) {
	h := &webhook{answers: args, bodies: map[string]string{}}
	server := httptest.NewServer(h)
	ts.Defer(func() {
		server.CloseClientConnections()
		server.Close()
	})
	hooks.Store(ts, h)
	ts.Setenv("HOOK", server.URL)
}

func (h *webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	h.mu.Lock()
	h.lines = append(h.lines, r.Method+" "+r.URL.RequestURI())
	h.bodies[r.URL.Path] = string(body)
	answer := "200"
	if len(h.answers) > 0 {
		answer, h.answers = h.answers[0], h.answers[1:]
	}
	h.mu.Unlock()
	switch answer {
	case "hang":
		<-r.Context().Done()
	case "away":
		http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
	default:
		code, _ := strconv.Atoi(answer)
		w.WriteHeader(code)
	}
}

func hookOf(ts *testscript.TestScript) *webhook {
	v, ok := hooks.Load(ts)
	if !ok {
		ts.Fatalf("no hook was started")
	}
	return v.(*webhook)
}

// hook-saw LINE... demands exactly these requests, "METHOD path", in any order, and forgets them.
func hookSaw(ts *testscript.TestScript, _ bool, args []string) {
	h := hookOf(ts)
	h.mu.Lock()
	defer h.mu.Unlock()
	got := slices.Sorted(slices.Values(h.lines))
	slices.Sort(args)
	if !slices.Equal(got, args) {
		ts.Fatalf("the hook saw\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(args, "\n"))
	}
	h.lines = nil
}

// hook-body PATH TEXT... demands that the last body there holds each text; "stdout" is the one object that was printed.
func hookBody(ts *testscript.TestScript, neg bool, args []string) {
	h := hookOf(ts)
	h.mu.Lock()
	defer h.mu.Unlock()
	body, seen := h.bodies[args[0]]
	if !seen {
		ts.Fatalf("nothing came to %s", args[0])
	}
	for _, text := range args[1:] {
		if text == "stdout" {
			text = ts.ReadFile("stdout")
			if !json.Valid([]byte(text)) {
				ts.Fatalf("stdout is no JSON: %s", text)
			}
		}
		if strings.Contains(body, text) == neg {
			ts.Fatalf("the body at %s (%q there: %v):\n%s", args[0], text, !neg, body)
		}
	}
}

// quick SECONDS COMMAND... demands that the command ends, however it does, in that time.
func quick(ts *testscript.TestScript, _ bool, args []string) {
	most, err := strconv.Atoi(args[0])
	ts.Check(err)
	start := time.Now()
	exits(ts, false, args[1:])
	if took := time.Since(start); took > time.Duration(most)*time.Second {
		ts.Fatalf("it took %s", took)
	}
}
