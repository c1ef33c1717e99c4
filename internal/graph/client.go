package graph

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

// Version is the part of Graph in which securityConfigurationTask lives.
const Version = "beta"

// TasksPath is the collection of tasks, relative to the version root.
const TasksPath = "/deviceAppManagement/deviceAppManagementTasks"

// Config says how to reach Graph.
type Config struct {
	Root        *url.URL // from ParseRoot or a Cloud
	Credential  Credential
	UserAgent   string
	CallTimeout time.Duration     // of one HTTP call, answer read; 0 is DefaultCallTimeout
	Transport   http.RoundTripper // nil is NewTransport
	Recording   *Recording        // of every call and of what is kept of its answer; nil is none. It serves one client
}

// DefaultCallTimeout is how long one call may take: Graph itself gives up a $batch after two minutes.
const DefaultCallTimeout = 130 * time.Second

// Client calls Graph. It is safe for concurrent use. The token goes to the host of Root and nowhere else: a redirect or a nextLink to
// another host is an error.
type Client struct {
	root     *url.URL
	cred     Credential
	agent    string
	timeout  time.Duration
	http     *http.Client
	requests atomic.Int64
	renewed  atomic.Pointer[string] // the token that was fetched last because a $batch was refused with 401
}

// New makes a client.
func New(c Config) *Client {
	if c.Transport == nil {
		c.Transport = NewTransport()
	}
	if c.CallTimeout <= 0 {
		c.CallTimeout = DefaultCallTimeout
	}
	in := &withholding{next: c.Transport}
	var way http.RoundTripper = in
	if c.Recording != nil {
		c.Recording.next, way = in, c.Recording
	}
	return &Client{
		root: c.Root, cred: c.Credential, agent: c.UserAgent, timeout: c.CallTimeout,
		http: &http.Client{Transport: way, CheckRedirect: follow},
	}
}

// follow follows no redirect: it would carry a token or a secret to wherever it points.
func follow(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// NewTransport returns a transport with bounded times for every step of a connection. TLS is always
// verified, against the system's roots, at version 1.2 or later.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 15 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       &tls.Config{MinVersion: tls.VersionTLS12},
		TLSHandshakeTimeout:   15 * time.Second,
		ExpectContinueTimeout: time.Second,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   16,
		WriteBufferSize:       32 << 10, // an envelope leaves, and its answer is read, in one piece
		ReadBufferSize:        32 << 10,
		ForceAttemptHTTP2:     true,
	}
}

// Requests is the number of HTTP calls made so far.
func (c *Client) Requests() int { return int(c.requests.Load()) }

// Close closes the connections that are kept for further calls. It breaks none that is in use.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Identity says who the client's token is for. It fetches one if need be.
func (c *Client) Identity(ctx context.Context) (Identity, error) {
	token, err := c.cred.Token(ctx, false)
	if err != nil {
		return Identity{}, fmt.Errorf("%w: %w", ErrSignIn, err)
	}
	return Identify(token), nil
}

// NewRequestID makes a client-request-id.
func NewRequestID() string { return uuid.NewString() }

// The errors of a call that got no answer. A call fails with one of them, with an *Error, or with an error that ends the run.
var (
	// ErrConnection marks a call of which a part may have been sent and to which no whole answer came: whether it took effect is not known.
	ErrConnection = errors.New("no whole answer")
	// ErrNotSent marks a call of which nothing was sent, since no connection was made: a name that is not found, nothing
	// that listens, a TLS handshake that fails, a proxy that refuses to connect, or no time left for it. It took no effect.
	ErrNotSent = errors.New("no connection")
	// ErrRenewed marks a $batch that was refused with 401, for which a new token was fetched since: it can be made again.
	ErrRenewed = errors.New("the access token was renewed")
	// ErrSignIn marks a call of which nothing was sent, because no access token was to be had.
	ErrSignIn = errors.New("signing in failed")
)

// answer is a whole HTTP answer.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	renewed bool // it is a 401, and a new token was fetched since
}

func (a *answer) err() *Error { return DecodeError(a.status, a.header.Get, a.body, time.Now()) }

// call makes one request, with one new token where the first is refused with 401.
func (c *Client) call(ctx context.Context, method, target, requestID string, body []byte) (*answer, error) {
	for fresh := false; ; fresh = true {
		token, err := c.cred.Token(ctx, fresh)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrSignIn, err)
		}
		a, err := c.once(ctx, method, target, requestID, token, body)
		if err != nil || a.status != http.StatusUnauthorized || fresh {
			return a, err
		}
	}
}

// post makes a call that is not to be made again by itself: what it was decided upon may have grown old meanwhile, and its items count
// against the limits. A 401 has a new token fetched, once, and the answer is marked renewed.
func (c *Client) post(ctx context.Context, target, requestID string, body []byte) (*answer, error) {
	token, err := c.cred.Token(ctx, false)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignIn, err)
	}
	a, err := c.once(ctx, http.MethodPost, target, requestID, token, body)
	if err != nil || a.status != http.StatusUnauthorized {
		return a, err
	}
	if last := c.renewed.Load(); last != nil && *last == token {
		return a, nil
	}
	if token, err = c.cred.Token(ctx, true); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSignIn, err)
	}
	c.renewed.Store(&token)
	a.renewed = true
	return a, nil
}

func (c *Client) once(ctx context.Context, method, target, requestID, token string, body []byte) (*answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	var in io.Reader
	if body != nil {
		in = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, target, in)
	if err != nil {
		return nil, err
	}
	if err := c.sameHost(req.URL); err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", c.agent)
	req.Header.Set("client-request-id", requestID)
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
		// net/http must not send a write again by itself on a connection that broke.
		req.GetBody = nil
	}
	c.requests.Add(1)
	var dial dialling
	resp, err := c.http.Do(req.WithContext(httptrace.WithClientTrace(ctx, dial.trace())))
	switch {
	case errors.Is(err, errReadOnly):
		return nil, err // nothing left: there is no doubt about it
	case err != nil && dial.inVain():
		return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrConnection, err)
	}
	defer func() {
		resp.Body.Close()
		if resp.StatusCode == http.StatusServiceUnavailable {
			c.http.CloseIdleConnections() // this server may stay busy: the next call is to find another
		}
	}()
	if resp.StatusCode/100 == 3 {
		return nil, fmt.Errorf("the service redirects to %q; the token is sent nowhere but to %s, so this is not followed", hostOf(resp.Header.Get("Location")), c.root.Host)
	}
	data, err := readAll(resp, maxAnswer)
	if err != nil {
		return nil, fmt.Errorf("%w: reading the answer: %w", ErrConnection, err)
	}
	return &answer{status: resp.StatusCode, header: resp.Header, body: data}, nil
}

// dialling notes whether a call got a connection. A transport that does not say that it looks for one counts as if it had.
type dialling struct{ sought, got atomic.Bool }

func (d *dialling) trace() *httptrace.ClientTrace {
	return &httptrace.ClientTrace{
		GetConn: func(string) { d.sought.Store(true) },
		GotConn: func(httptrace.GotConnInfo) { d.got.Store(true) },
	}
}

// inVain reports whether a connection was sought and none was got, so that nothing of the call can have been sent.
func (d *dialling) inVain() bool { return d.sought.Load() && !d.got.Load() }

func (c *Client) sameHost(u *url.URL) error {
	if hostPort(u) != hostPort(c.root) || u.Scheme != c.root.Scheme || u.User != nil {
		return fmt.Errorf("the service refers to host %q; the token is sent nowhere but to %s", u.Host, c.root.Host)
	}
	return nil
}

// hostPort is a URL's host with its port, stated or not.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" && u.Scheme == "https" {
		port = "443"
	} else if port == "" {
		port = "80"
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

func hostOf(location string) string {
	u, err := url.Parse(location)
	if err != nil {
		return "(unreadable)"
	}
	return u.Host
}

func (c *Client) versionRoot() string { return c.root.String() + "/" + Version }
