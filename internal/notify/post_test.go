package notify

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"taskrecon/internal/exit"
	"taskrecon/internal/job"
)

func mustAddress(t *testing.T, text string) Address {
	t.Helper()
	a, err := ParseAddress(text)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestParseAddress(t *testing.T) {
	for _, c := range []struct{ text, shown, problem string }{
		{"https://example.com/hush?sig=hush", "https://example.com/...", ""},
		{"https://hush:hush@example.com:8443/x", "https://example.com:8443/...", ""},
		{"http://127.0.0.1:9/hush", "http://127.0.0.1:9/...", ""},
		{"http://[::1]:9/hush", "http://[::1]:9/...", ""},
		{"http://LOCALHOST/hush", "http://LOCALHOST/...", ""},
		{"http://example.com/hush", "", "plain http"},
		{"http://127.0.0.1.example.com/hush", "", "plain http"},
		{"ftp://example.com/hush", "", "not an https URL"},
		{"example.com/hush", "", "not an https URL"},
		{"https:///hush", "", "no host"},
		{"https://example.com/hush#hush", "", "#"},
		{"https://example.com/%zz hush", "", "not a URL"},
	} {
		a, err := ParseAddress(c.text)
		if c.problem == "" && err != nil || c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem) || strings.Contains(err.Error(), "hush")) {
			t.Errorf("%q: %v, want %q", c.text, err, c.problem)
		}
		if err == nil && a.String() != c.shown {
			t.Errorf("%q shows as %q", c.text, a)
		}
	}
}

// answers is a transport that gives these statuses in turn; 0 is a lost connection, -1 hangs.
type answers struct {
	codes []int
	after string
	calls int
}

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	code := a.codes[min(a.calls, len(a.codes)-1)]
	a.calls++
	switch code {
	case 0:
		return nil, io.ErrUnexpectedEOF
	case -1:
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	h := http.Header{}
	if a.after != "" {
		h.Set("Retry-After", a.after)
	}
	if code/100 == 3 {
		h.Set("Location", "https://elsewhere.example/")
	}
	return &http.Response{StatusCode: code, Header: h, Body: io.NopCloser(strings.NewReader("hush")), Request: r}, nil
}

func TestPostTries(t *testing.T) {
	for name, c := range map[string]struct {
		codes   []int
		after   string
		calls   int
		took    time.Duration
		problem string
	}{
		"at once":               {[]int{202}, "", 1, 0, ""},
		"trouble, then well":    {[]int{500, 200}, "", 2, time.Second, ""},
		"lost, then well":       {[]int{0, 0, 200}, "", 3, 3 * time.Second, ""},
		"always trouble":        {[]int{503}, "", 3, 3 * time.Second, "answers 503 Service Unavailable"},
		"asked to wait":         {[]int{429, 200}, "4", 2, 4 * time.Second, ""},
		"asked to wait long":    {[]int{429, 200}, "99999999999", 2, longestWait, ""},
		"asked in the past":     {[]int{429, 200}, "-7", 2, time.Second, ""},
		"refused":               {[]int{403}, "", 1, 0, "answers 403 Forbidden"},
		"redirected":            {[]int{307}, "", 1, 0, "a redirect, which is not followed"},
		"hangs":                 {[]int{-1}, "", 3, allTimeout, "cannot be reached"},
		"hangs once":            {[]int{-1, 200}, "", 2, tryTimeout + time.Second, ""},
		"not even a connection": {[]int{0}, "", 3, 3 * time.Second, "cannot be reached: unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				a := &answers{codes: c.codes, after: c.after}
				start := time.Now()
				err := (&Sender{Transport: a}).Post(t.Context(), mustAddress(t, "https://example.com/hush"), "text/plain", []byte("x"))
				if took := time.Since(start); took != c.took || a.calls != c.calls {
					t.Errorf("%d calls in %s, want %d in %s", a.calls, took, c.calls, c.took)
				}
				switch {
				case c.problem == "" && err == nil:
				case err == nil || !strings.Contains(err.Error(), c.problem) || c.problem == "":
					t.Errorf("error %v, want %q", err, c.problem)
				case strings.Contains(err.Error(), "hush") || !strings.Contains(err.Error(), "example.com"):
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

// TestPostBody: over real HTTP the body arrives whole at each try, and an endless answer is not read to its end.
func TestPostBody(t *testing.T) {
	var calls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) != "the body" || r.Header.Get("Content-Type") != "application/json" || r.UserAgent() != "taskrecon/test" {
			t.Errorf("got %q %v", body, r.Header)
		}
		if calls.Add(1) == 1 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 4096)); err != nil {
				return
			}
		}
	}))
	defer server.Close()
	start := time.Now()
	s := &Sender{UserAgent: "taskrecon/test"}
	if err := s.Post(t.Context(), mustAddress(t, server.URL), "application/json", []byte("the body")); err != nil {
		t.Fatal(err)
	}
	if calls.Load() != 2 || time.Since(start) > 5*time.Second {
		t.Errorf("%d calls in %s", calls.Load(), time.Since(start))
	}
}

func TestPing(t *testing.T) {
	for _, c := range []struct {
		url   string
		code  int
		start bool
		want  string
	}{
		{"/uuid", 0, true, "/uuid/start"},
		{"/uuid", 0, false, "/uuid"},
		{"/uuid", exit.Differences, false, "/uuid"},
		{"/uuid", exit.Partial, false, "/uuid/fail"},
		{"/uuid/?rid=7", exit.Interrupt, false, "/uuid/fail?rid=7"},
		{"/a%2Fb/slug?create=1", 1, true, "/a%2Fb/slug/start?create=1"},
	} {
		got := ""
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.URL.RequestURI() }))
		sum := job.NewSummary("apply")
		sum.ExitCode = c.code
		err := (&Sender{}).PingEnd(t.Context(), mustAddress(t, server.URL+c.url), sum)
		if c.start {
			err = (&Sender{}).PingStart(t.Context(), mustAddress(t, server.URL+c.url))
		}
		server.Close()
		if err != nil || got != c.want {
			t.Errorf("%+v: %q, %v", c, got, err)
		}
	}
}

func TestPingStartIsBrief(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		a := &answers{codes: []int{-1}}
		err := (&Sender{Transport: a}).PingStart(context.Background(), mustAddress(t, "https://example.com/"))
		if err == nil || time.Since(start) != startTimeout || a.calls != 1 {
			t.Errorf("%v after %s and %d calls", err, time.Since(start), a.calls)
		}
	})
}
