package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"taskrecon/internal/graph"
)

// What a message may cost. The run is over by then, so the user must not wait for long.
const (
	tries       = 3
	tryTimeout  = 10 * time.Second
	allTimeout  = 30 * time.Second
	firstPause  = time.Second // then twice as long each time
	longestWait = 5 * time.Second
	mostRead    = 64 << 10 // of an answer, whose text is not needed
)

// Sender sends messages over HTTP. The zero value is ready; it may be used concurrently.
type Sender struct {
	Transport http.RoundTripper // nil is the standard one
	UserAgent string
}

// Post sends a body: three tries of at most 10 s, 30 s in all. It tries again after a lost connection, a 429 and a 5xx; it
// follows no redirect, which could lead the body elsewhere. No error holds more of the address than its host.
func (s *Sender) Post(ctx context.Context, to Address, contentType string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, allTimeout)
	defer cancel()
	pause := firstPause
	for try := 1; ; try++ {
		again, err := s.once(ctx, to, contentType, body, tryTimeout)
		if err == nil || !again.may || try == tries {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(max(pause, min(again.after, longestWait))):
		}
		pause *= 2
	}
}

// again says whether a message may be sent once more, and how long the other side asked to wait before.
type again struct {
	may   bool
	after time.Duration
}

// once is one try. Its error names the host only.
func (s *Sender) once(ctx context.Context, to Address, contentType string, body []byte, limit time.Duration) (again, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to.url.String(), bytes.NewReader(body))
	if err != nil {
		return again{}, fmt.Errorf("no request to %s can be made", to.Host())
	}
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("User-Agent", s.UserAgent)
	client := http.Client{Transport: s.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		return again{may: true}, fmt.Errorf("%s cannot be reached: %w", to.Host(), bare(err))
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, mostRead)) // so that the connection can be used again
	return judge(resp, to.Host())
}

func judge(resp *http.Response, host string) (again, error) {
	code := resp.StatusCode
	switch {
	case code >= 200 && code < 300:
		return again{}, nil
	case code >= 300 && code < 400:
		return again{}, fmt.Errorf("%s answers %d, a redirect, which is not followed", host, code)
	}
	return again{
		may:   code == http.StatusTooManyRequests || code >= 500,
		after: graph.AskedWait(resp.Header.Get, time.Now()), // negative where it says nothing
	}, fmt.Errorf("%s answers %d %s", host, code, http.StatusText(code))
}

// bare is the cause of a failed call without the address, which net/http puts before it.
func bare(err error) error {
	var outer *url.Error
	if errors.As(err, &outer) {
		return outer.Err
	}
	return err
}
