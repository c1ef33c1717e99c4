//go:build unix

package cli

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"syscall"
	"testing"

	"taskrecon/internal/exit"
)

// TestNoticesAfterSignal: a run that was interrupted still tells others how it ended.
func TestNoticesAfterSignal(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	bodies := map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		bodies[r.URL.Path] = string(body)
	}))
	defer server.Close()
	w := newWorld(t)
	hanging, release := w.hang(3)
	p := w.start(w.apply(w.file, "--run-dir", "a run", "--concurrency", "2", "--notify-url", server.URL+"/hook", "--ping-url", server.URL+"/ping")...)
	<-hanging
	w.interrupt(p, syscall.SIGTERM)
	release()
	p.exits(t, exit.Terminated)
	p.summary(t)
	mu.Lock()
	defer mu.Unlock()
	if _, started := bodies["/ping/start"]; !started || len(bodies) != 3 || !strings.Contains(bodies["/ping/fail"], "exit code 143") ||
		bodies["/hook"] != p.stdout.String() {
		t.Errorf("the others heard %v", bodies)
	}
}
