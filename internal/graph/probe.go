package graph

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// DialResult is what one call without a token showed of the way to a server.
type DialResult struct {
	Address string        // of the server or the proxy that was connected to
	TLS     string        // version, "" for plain http
	Ahead   time.Duration // how far this machine's clock is ahead of the server's; negative is behind
	Clock   bool          // the server said what time it has, so that Ahead means something
	Step    string        // what failed: "name", "connection", "TLS", "answer"; "" where nothing did
	Err     error
}

// Dial makes one call without a token to a server's root, and follows no redirect. Whatever it answers, it was reached. The call
// takes 20 s at most.
func (c *Client) Dial(ctx context.Context, root *url.URL) DialResult {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var w way
	req, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, w.trace()), http.MethodGet, root.Scheme+"://"+root.Host+"/", nil)
	if err != nil {
		return DialResult{Step: "name", Err: err}
	}
	req.Header.Set("User-Agent", c.agent)
	sent := time.Now()
	c.requests.Add(1)
	resp, err := c.http.Do(req)
	if err != nil {
		return w.result("connection", err)
	}
	defer resp.Body.Close()
	_, _ = io.CopyN(io.Discard, resp.Body, 64<<10) // so that the connection can serve again
	r := w.result("", nil)
	if at := ServerDate(resp.Header.Get("Date")); !at.IsZero() {
		// The header has whole seconds, so the middle of its second is the best guess.
		r.Ahead, r.Clock = sent.Add(time.Since(sent)/2).Sub(at.Add(500*time.Millisecond)), true
	}
	return r
}

// way notes how far a call has come, each a string. Several connections may be tried at once.
type way struct{ step, address, tls atomic.Value }

func (w *way) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		DNSStart:          func(httptrace.DNSStartInfo) { w.step.Store("name") },
		ConnectStart:      func(string, string) { w.step.Store("connection") },
		TLSHandshakeStart: func() { w.step.Store("TLS") },
		TLSHandshakeDone: func(s tls.ConnectionState, err error) {
			if err == nil {
				w.tls.Store(tls.VersionName(s.Version))
			}
		},
		GotConn: func(i httptrace.GotConnInfo) {
			w.step.Store("answer")
			w.address.Store(i.Conn.RemoteAddr().String())
		},
	}
}

func (w *way) result(step string, err error) DialResult {
	text := func(v *atomic.Value) string {
		s, _ := v.Load().(string) // "" where nothing was stored
		return s
	}
	if whole := new(url.Error); errors.As(err, &whole) {
		err = whole.Err // the address is known
	}
	if err != nil {
		step = cmp.Or(text(&w.step), step)
	}
	return DialResult{Address: text(&w.address), TLS: text(&w.tls), Step: step, Err: err}
}

// ListProbe is what the first page of the tenant's list shows.
type ListProbe struct {
	Tasks int               // on the page
	Ours  int               // of them, securityConfigurationTasks
	More  bool              // further pages follow
	Quota map[string]string // headers by which the service speaks of its limits, by their names
	Took  time.Duration
}

// quotaHeaders are those in which Graph and its services have been seen to speak of limits.
var quotaHeaders = []string{
	"RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset", "Retry-After",
	"x-ms-throttle-limit-percentage", "x-ms-throttle-scope", "x-ms-throttle-information", "x-ms-resource-unit",
}

// ProbeList reads the first page of the tenant's list once: a refusal is the error, and is not asked again.
func (c *Client) ProbeList(ctx context.Context) (ListProbe, error) {
	began := time.Now()
	a, err := c.call(ctx, http.MethodGet, c.versionRoot()+TasksPath, NewRequestID(), nil)
	if err != nil {
		return ListProbe{}, err
	}
	g := ListProbe{Quota: map[string]string{}, Took: time.Since(began)}
	for _, name := range quotaHeaders {
		if v := a.header.Get(name); v != "" {
			g.Quota[name] = strings.ToValidUTF8(clip(v), "�")
		}
	}
	if a.status != http.StatusOK {
		return g, a.err()
	}
	p, err := readPage(a.body)
	if err != nil {
		return g, err
	}
	g.Tasks, g.More = len(p.Value), p.Next != ""
	for _, t := range p.Value {
		if t.Managed() {
			g.Ours++
		}
	}
	return g, nil
}
