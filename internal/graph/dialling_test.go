package graph

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// batchOf makes one $batch call and returns its error.
func batchOf(c *Client, ctx context.Context) error {
	_, err := c.Batch(ctx, "id", []Item{{ID: "1", Method: "PATCH", URL: "/x"}})
	return err
}

// TestNotSent: a call without a connection is known not to have been sent.
func TestNotSent(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	untrusted := httptest.NewUnstartedServer(nil)
	untrusted.Config.ErrorLog = log.New(io.Discard, "", 0)
	untrusted.StartTLS()
	t.Cleanup(untrusted.Close)
	refusing := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Error(w, "no tunnel", http.StatusForbidden) })
	cut := rawService(t, func(net.Conn) {}) // speaks no TLS
	proxied := NewTransport()
	proxied.Proxy = http.ProxyURL(root(t, refusing.URL))
	nameless := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: &net.DNSError{Err: "no such host", Name: "graph.example", IsNotFound: true}}
	}}
	for name, c := range map[string]*Client{
		"nothing listens":       New(Config{Root: root(t, closed.URL), Credential: &tokens{}}),
		"no such name":          New(Config{Root: root(t, "https://graph.example"), Credential: &tokens{}, Transport: nameless}),
		"an unknown authority":  New(Config{Root: root(t, untrusted.URL), Credential: &tokens{}}),
		"no TLS":                New(Config{Root: root(t, "https://"+cut), Credential: &tokens{}, CallTimeout: 200 * time.Millisecond}),
		"a proxy that refuses":  New(Config{Root: root(t, "https://graph.example"), Credential: &tokens{}, Transport: proxied}),
		"a handshake that ends": New(Config{Root: root(t, "https://"+hungUp(t)), Credential: &tokens{}}),
	} {
		err := batchOf(c, ctxOf(t))
		if wantError(t, err, "no connection"); !errors.Is(err, ErrNotSent) || errors.Is(err, ErrConnection) {
			t.Errorf("%s: %v; want ErrNotSent", name, err)
		}
		c.Close()
	}
}

// hungUp is the address of a service that ends each connection at once.
func hungUp(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			conn.Close()
		}
	}()
	return l.Addr().String()
}

// TestPerhapsSent: once there was a connection, a part of the call may have arrived, on whichever connection.
func TestPerhapsSent(t *testing.T) {
	isDoubt := func(name string, err error) {
		t.Helper()
		if wantError(t, err, "no whole answer"); !errors.Is(err, ErrConnection) || errors.Is(err, ErrNotSent) {
			t.Errorf("%s: %v; want ErrConnection", name, err)
		}
	}
	isDoubt("no answer", batchOf(New(Config{Root: root(t, "http://"+rawService(t, func(net.Conn) {})), Credential: &tokens{}}), ctxOf(t)))
	isDoubt("cut at once", batchOf(New(Config{Root: root(t, "http://"+hungUp(t)), Credential: &tokens{}}), ctxOf(t)))
	unknown := roundTripper(func(*http.Request) (*http.Response, error) {
		return nil, &net.OpError{Op: "dial", Err: errors.New("refused")}
	})
	isDoubt("a transport that does not say", batchOf(New(Config{Root: root(t, "https://graph.example"), Credential: &tokens{}, Transport: unknown}), ctxOf(t)))

	// A kept connection that the service has given up: net/http may have written to it.
	for _, secure := range []bool{false, true} {
		answered := 0
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if answered++; answered > 1 {
				panic(http.ErrAbortHandler)
			}
			io.WriteString(w, `{"responses":[]}`)
		}))
		s.EnableHTTP2, s.Config.ErrorLog = secure, log.New(io.Discard, "", 0)
		if secure {
			s.StartTLS()
		} else {
			s.Start()
		}
		c := New(Config{Root: root(t, s.URL), Credential: &tokens{}, Transport: s.Client().Transport})
		if err := batchOf(c, ctxOf(t)); err != nil {
			t.Fatal(err)
		}
		isDoubt("a kept connection", batchOf(c, ctxOf(t)))
		s.Close()
	}
}

// TestNoTimeLeft: a call whose time is over before it has a connection is not sent; one that waits for its answer may be.
func TestNoTimeLeft(t *testing.T) {
	hangs := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	c := New(Config{Root: root(t, "http://127.0.0.1:1"), Credential: &tokens{}, Transport: hangs, CallTimeout: 20 * time.Millisecond})
	if err := batchOf(c, ctxOf(t)); !errors.Is(err, ErrNotSent) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v; want ErrNotSent by the deadline", err)
	}
}
