package graph

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestRedirectIsRefused(t *testing.T) {
	other := serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, aPage("", "stolen")) })
	for _, status := range []int{301, 302, 303, 307, 308} {
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Location", other.URL+"/login")
			w.WriteHeader(status)
		})
		c := s.client(t, Config{})
		_, list := c.ListTasks(ctxOf(t), nil)
		_, batch := c.Batch(ctxOf(t), "id", []Item{{ID: "1", Method: "PATCH", URL: "/x"}})
		for _, err := range []error{list, batch} {
			wantError(t, err, "redirects to", strings.TrimPrefix(other.URL, "http://"), "this is not followed")
			if errors.Is(err, ErrConnection) {
				t.Errorf("HTTP %d counts as a lost connection: %v", status, err)
			}
		}
		if n := len(s.requests()); n != 2 {
			t.Errorf("HTTP %d: %d calls; want 2", status, n)
		}
	}
	if n := len(other.requests()); n != 0 {
		t.Errorf("the other host got %d calls", n)
	}
}

func TestOneFreshTokenAfter401(t *testing.T) {
	for refused, calls := range map[int]int{1: 2, 2: 2} { // how many tokens the service refuses, calls made
		cred := &tokens{}
		s := serve(t, func(w http.ResponseWriter, r *http.Request) {
			var n int
			fmt.Sscanf(r.Header.Get("Authorization"), "Bearer "+secret+"-%d", &n)
			if body, _ := io.ReadAll(r.Body); r.Method == http.MethodPost && !strings.Contains(string(body), `"requests"`) {
				t.Errorf("the second attempt has the body %q", body)
			}
			if n < refused {
				w.WriteHeader(http.StatusUnauthorized)
				fmt.Fprint(w, `{"error":{"code":"InvalidAuthenticationToken","message":"Lifetime validation failed"}}`)
				return
			}
			fmt.Fprint(w, `{"responses":[]}`)
		})
		c := s.client(t, Config{Credential: cred})
		batch := func() error {
			_, err := c.Batch(ctxOf(t), "my-id", []Item{{ID: "1", Method: "GET", URL: "/x"}})
			return err
		}
		if err := batch(); !errors.Is(err, ErrRenewed) {
			t.Errorf("at first: %v", err)
		}
		switch err := batch(); {
		case refused == 1 && err != nil:
			t.Errorf("with a fresh token: %v", err)
		case refused == 2:
			if wantError(t, err, "HTTP 401 Unauthorized, InvalidAuthenticationToken: Lifetime validation failed"); errors.Is(err, ErrRenewed) {
				t.Errorf("the fresh token is renewed as well: %v", err)
			}
		}
		got := s.requests()
		if len(got) != calls || cred.fresh != 1 {
			t.Errorf("%d calls, %d fresh tokens; want %d and 1", len(got), cred.fresh, calls)
		}
		for _, r := range got {
			if r.Header.Get("client-request-id") != "my-id" {
				t.Errorf("client-request-id %q", r.Header.Get("client-request-id"))
			}
		}
	}
}

func TestStaticTokenCannotBeRenewed(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	_, err := s.client(t, Config{Credential: StaticToken(secret)}).ListTasks(ctxOf(t), nil)
	wantError(t, err, "signing in failed", "the access token was refused", "TASKRECON_ACCESS_TOKEN")
	if !errors.Is(err, ErrSignIn) || errors.Is(err, ErrConnection) || len(s.requests()) != 1 {
		t.Errorf("after %d calls: %v; want ErrSignIn after one", len(s.requests()), err)
	}
}

type noCredential struct{}

func (noCredential) Token(context.Context, bool) (string, error) {
	return "", errors.New("no browser here")
}

func TestNoCallWithoutToken(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	c := s.client(t, Config{Credential: noCredential{}})
	_, list := c.ListTasks(ctxOf(t), nil)
	_, who := c.Identity(ctxOf(t))
	for _, err := range []error{list, who} {
		wantError(t, err, "signing in failed: no browser here")
		if !errors.Is(err, ErrSignIn) {
			t.Errorf("%v is not ErrSignIn", err)
		}
	}
	if len(s.requests()) != 0 || c.Requests() != 0 {
		t.Errorf("%d calls arrived, %d counted; want none", len(s.requests()), c.Requests())
	}
}

func TestAnswerCutShort(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", "1000")
		fmt.Fprint(w, `{"value":[]}`)
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	c := s.client(t, Config{})
	_, page := c.tryPage(ctxOf(t), s.URL+"/x")
	_, batch := c.Batch(ctxOf(t), "id", []Item{{ID: "1"}})
	for _, err := range []error{page, batch} {
		if wantError(t, err, "no whole answer", "reading the answer"); !errors.Is(err, ErrConnection) {
			t.Errorf("%v is not ErrConnection", err)
		}
	}
}

func TestConnectionCut(t *testing.T) {
	s := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	_, err := s.client(t, Config{}).Batch(ctxOf(t), "id", []Item{{ID: "1"}})
	if wantError(t, err, "no whole answer"); !errors.Is(err, ErrConnection) || len(s.requests()) != 1 {
		t.Errorf("after %d calls: %v; want ErrConnection after one, for a write is never sent twice unasked", len(s.requests()), err)
	}
}

func TestAnswerTooLarge(t *testing.T) {
	status, size := 200, maxAnswer
	c := New(Config{Root: root(t, "https://graph.example"), Credential: &tokens{}, Transport: roundTripper(func(*http.Request) (*http.Response, error) {
		return response(status, strings.Repeat(" ", size), "Retry-After", "7"), nil
	})})
	if a, err := c.call(ctxOf(t), "GET", "https://graph.example/", "id", nil); err != nil || len(a.body) != maxAnswer {
		t.Errorf("an answer of exactly the limit: %v", err)
	}
	size++
	_, err := c.call(ctxOf(t), "GET", "https://graph.example/", "id", nil)
	if wantError(t, err, fmt.Sprintf("larger than %d bytes", maxAnswer)); !errors.Is(err, ErrConnection) {
		t.Errorf("%v is not ErrConnection", err)
	}
	// Of a refusal the status and the headers are known, however large the page around it.
	status = http.StatusServiceUnavailable
	a, err := c.call(ctxOf(t), "GET", "https://graph.example/", "id", nil)
	if err != nil || len(a.body) != maxError || a.err().Status != status || a.err().RetryAfter != 7*time.Second {
		t.Errorf("a refusal with a large page: %v", err)
	}
}

func TestCallTimeout(t *testing.T) {
	release := make(chan struct{})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		w.(http.Flusher).Flush() // the header comes, the rest does not
		<-release
	})
	defer close(release)
	began := time.Now()
	_, err := s.client(t, Config{CallTimeout: 30 * time.Millisecond}).Batch(ctxOf(t), "id", []Item{{ID: "1"}})
	if wantError(t, err); !errors.Is(err, ErrConnection) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v; want ErrConnection by the deadline", err)
	}
	if waited := time.Since(began); waited > 5*time.Second {
		t.Errorf("waited %s for an answer; want 30 ms", waited)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(30*time.Millisecond, cancel)
	_, err = s.client(t, Config{}).ListTasks(ctx, nil)
	if wantError(t, err); !errors.Is(err, context.Canceled) || len(s.requests()) > 2 {
		t.Errorf("after %d calls: %v; want the cancellation, without retries", len(s.requests()), err)
	}
}

func TestHostsAreComparedWithTheirPort(t *testing.T) {
	for in, same := range map[string]bool{
		"https://graph.example/x": true, "https://GRAPH.example:443/x": true, "https://graph.example:444/x": false, "http://graph.example/x": false,
		"https://graph.example.evil.com/x": false, "https://graph.example@evil.com/x": false, "https://user@graph.example/x": false, "https://graph.example.:443/x": false,
	} {
		calls := 0
		c := New(Config{Root: root(t, "https://graph.example"), Credential: &tokens{}, Transport: roundTripper(func(*http.Request) (*http.Response, error) {
			calls++
			return response(200, "{}"), nil
		})})
		_, err := c.call(ctxOf(t), "GET", in, "id", nil)
		if (err == nil) != same || (calls == 1) != same {
			t.Errorf("%s: %d calls, %v; want a call: %t", in, calls, err, same)
		}
		if err != nil {
			noToken(t, err.Error())
		}
	}
}

func TestCertificatesAreVerified(t *testing.T) {
	calls := 0
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { calls++ }))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	c := New(Config{Root: root(t, s.URL), Credential: &tokens{}})
	_, err := c.Batch(ctxOf(t), "id", []Item{{ID: "1"}})
	wantError(t, err, "certificate")
	if calls != 0 {
		t.Error("a service that cannot prove who it is got a call")
	}
}
