package graph

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// Recording writes each call of a client, and what came in of the answer, to a writer as one line of JSON. It is behind the place that
// withholds what holds a token, and leaves out other credentials in headers. Safe for concurrent use; the writer gets one Write
// for each line.
type Recording struct {
	next   *withholding
	mu     sync.Mutex
	w      io.Writer
	failed error
}

// NewRecording makes a recording for Config.
func NewRecording(w io.Writer) *Recording { return &Recording{w: w} }

// Err is the first error in writing. It never disturbs a call; after it nothing more is written.
func (r *Recording) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// CloseIdleConnections is what http.Client looks for in a transport.
func (r *Recording) CloseIdleConnections() { closeIdle(r.next) }

// recordedBody is a body: JSON as it is, any other text as a string.
type recordedBody struct {
	Bytes int             `json:"bytes"`
	Note  string          `json:"note,omitempty"`
	JSON  json.RawMessage `json:"json,omitempty"`
	Text  string          `json:"text,omitempty"`
}

type recordedSide struct {
	Status  int               `json:"status,omitempty"`
	Headers map[string]string `json:"headers"`
	Body    *recordedBody     `json:"body,omitempty"`
}

// recordedCall is a line of the recording.
type recordedCall struct {
	Time            time.Time     `json:"time"`
	Method          string        `json:"method"`
	URL             string        `json:"url"`
	ClientRequestID string        `json:"clientRequestId"`
	RequestID       string        `json:"requestId,omitempty"`
	Seconds         float64       `json:"seconds"` // until the answer was read
	Error           string        `json:"error,omitempty"`
	Request         recordedSide  `json:"request"`
	Answer          *recordedSide `json:"answer,omitempty"` // absent if none came
}

// RoundTrip makes the call through the transport below, which reads answers whole.
func (r *Recording) RoundTrip(req *http.Request) (*http.Response, error) {
	began := time.Now()
	call := &recordedCall{Time: began.UTC(), Method: req.Method, URL: req.URL.Redacted(), ClientRequestID: req.Header.Get("client-request-id")}
	call.Request.Headers = recordedHeaders(req.Header)
	var sent []byte
	if req.Body != nil {
		// A transport may read the body after it has answered, so what is recorded is read before.
		var err error
		sent, err = io.ReadAll(req.Body)
		req.Body.Close()
		if err != nil {
			return nil, err
		}
		req = req.Clone(req.Context())
		req.Body = io.NopCloser(bytes.NewReader(sent))
	}
	resp, err := r.next.RoundTrip(req)
	if sent != nil {
		call.Request.Body = recorded(r.next.clean(sent), "")
	}
	fault := err
	if err == nil {
		var body []byte
		body, fault = io.ReadAll(resp.Body)
		if resp.Body = io.NopCloser(bytes.NewReader(body)); fault != nil {
			resp.Body = io.NopCloser(failing{fault})
		}
		call.RequestID = resp.Header.Get("request-id")
		call.Answer = &recordedSide{resp.StatusCode, recordedHeaders(resp.Header), recorded(body, resp.Header.Get("Content-Encoding"))}
	}
	if fault != nil {
		call.Error = fault.Error()
	}
	call.Seconds = time.Since(began).Round(time.Microsecond).Seconds()
	r.write(call)
	return resp, err
}

// recorded is what may be recorded of a body. In what is not plain text, no token could be found.
func recorded(body []byte, encoding string) *recordedBody {
	b := &recordedBody{Bytes: len(body)}
	switch {
	case encoding != "" || !utf8.Valid(body) || bytes.IndexByte(body, 0) >= 0:
		b.Note = "not recorded: not plain text"
	case json.Valid(body):
		b.JSON = body
	default:
		b.Text = string(body)
	}
	return b
}

const removed = "(removed)"

// recordedHeaders are those of a request or an answer, without the values of those that carry credentials.
func recordedHeaders(h http.Header) map[string]string {
	out := make(map[string]string, len(h))
	for name, values := range h {
		out[name] = strings.Join(values, ", ")
		for _, part := range []string{"authorization", "cookie", "token", "secret", "password", "key", "signature"} {
			if strings.Contains(strings.ToLower(name), part) {
				out[name] = removed
			}
		}
	}
	return out
}

func (r *Recording) write(call *recordedCall) {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	err := enc.Encode(call)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed == nil && err == nil {
		_, err = r.w.Write(line.Bytes())
	}
	if r.failed == nil {
		r.failed = err
	}
}
