package graph

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"
)

// secret is the part of every test token that no error may show.
const secret = "do-not-show-this-token"

// tokens yields secret-0, and secret-1, secret-2, ... as fresh ones are asked for.
type tokens struct {
	mu    sync.Mutex
	fresh int
}

func (c *tokens) Token(_ context.Context, fresh bool) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if fresh {
		c.fresh++
	}
	return fmt.Sprintf("%s-%d", secret, c.fresh), nil
}

// service is a real HTTP server that answers with the handler and keeps what it was asked.
type service struct {
	*httptest.Server
	mu    sync.Mutex
	calls []*http.Request
}

func serve(t *testing.T, h http.HandlerFunc) *service {
	t.Helper()
	s := &service{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.calls = append(s.calls, r)
		s.mu.Unlock()
		h(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *service) requests() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.calls...)
}

// client makes a client of the service; c may set everything but Root.
func (s *service) client(t *testing.T, c Config) *Client {
	t.Helper()
	c.Root = root(t, s.URL)
	if c.Credential == nil {
		c.Credential = &tokens{}
	}
	if c.CallTimeout == 0 {
		c.CallTimeout = 5 * time.Second
	}
	return New(c)
}

func root(t *testing.T, s string) *url.URL {
	t.Helper()
	u, err := ParseRoot(s)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// ctxOf bounds a test that goes wrong by waiting.
func ctxOf(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// wantError checks that err says each of the words, and nothing of the token.
func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error; want one with %q", words)
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("error %q does not say %q", err, w)
		}
	}
	noToken(t, err.Error())
	noToken(t, fmt.Sprintf("%+v %#v", err, err))
}

func noToken(t *testing.T, text string) {
	t.Helper()
	if strings.Contains(text, secret) {
		t.Errorf("the token shows in %q", text)
	}
}

// roundTripper is a transport without a network.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// response makes an answer for a roundTripper.
func response(status int, body string, header ...string) *http.Response {
	rec := httptest.NewRecorder()
	for i := 0; i < len(header); i += 2 {
		rec.Header().Set(header[i], header[i+1])
	}
	rec.WriteHeader(status)
	rec.WriteString(body)
	return rec.Result()
}
