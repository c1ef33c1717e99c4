package graph

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"
	"unicode/utf8"
)

// maxRecorded is how many bytes of a body are recorded.
const maxRecorded = 1 << 20

// Recording writes each call of a client, and what came in of the answer, to a writer as one line of JSON, with what looks like a
// secret removed. A call's line is written when its answer has been read and closed. Safe for concurrent use; the writer
// gets one Write for each line. Bodies are recorded up to 1 MiB each, and only where they are text.
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
	Bytes int64           `json:"bytes"` // that were seen, whether recorded or not
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

// RoundTrip makes the call through the transport below.
func (r *Recording) RoundTrip(req *http.Request) (*http.Response, error) {
	began := time.Now()
	call := &recordedCall{Time: began.UTC(), Method: req.Method, ClientRequestID: scrub(req.Header.Get("client-request-id"))}
	call.URL = scrub(req.URL.Redacted())
	call.Request.Headers = scrubHeaders(req.Header)
	var sent []byte
	if req.Body != nil && req.Body != http.NoBody {
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
		sent = r.next.clean(sent)
		call.Request.Body = recorded(sent[:min(len(sent), maxRecorded)], int64(len(sent)), "")
	}
	if err != nil {
		r.write(call, began, err)
		return resp, err
	}
	call.RequestID = scrub(resp.Header.Get("request-id"))
	call.Answer = &recordedSide{Status: resp.StatusCode, Headers: scrubHeaders(resp.Header)}
	resp.Body = &recordedReader{ReadCloser: resp.Body, done: func(seen []byte, n int64, err error) {
		call.Answer.Body = recorded(seen, n, resp.Header.Get("Content-Encoding"))
		r.write(call, began, err)
	}}
	return resp, nil
}

// recorded is what may be recorded of a body whose first bytes are seen, n in all.
func recorded(seen []byte, n int64, encoding string) *recordedBody {
	b := &recordedBody{Bytes: n}
	cut := n > int64(len(seen))
	if cut {
		for range utf8.UTFMax - 1 {
			if last, size := utf8.DecodeLastRune(seen); last != utf8.RuneError || size != 1 {
				break
			}
			seen = seen[:len(seen)-1] // of a letter that was cut in two
		}
		b.Note = "cut after 1 MiB"
	}
	if encoding != "" || !utf8.Valid(seen) || bytes.IndexByte(seen, 0) >= 0 {
		b.Note = "not recorded: not plain text" // in which nothing could be found to be removed
		return b
	}
	text := scrub(string(seen))
	if !cut && json.Valid([]byte(text)) {
		b.JSON = json.RawMessage(text)
	} else {
		b.Text = text
	}
	return b
}

func (r *Recording) write(call *recordedCall, began time.Time, err error) {
	call.Seconds = time.Since(began).Round(time.Microsecond).Seconds()
	if err != nil {
		call.Error = scrub(err.Error())
	}
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	err = enc.Encode(call)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failed != nil {
		return
	}
	if err == nil {
		_, err = r.w.Write(line.Bytes())
	}
	r.failed = err
}

// recordedReader keeps the beginning of what is read through it.
type recordedReader struct {
	io.ReadCloser
	seen []byte
	n    int64
	err  error
	once sync.Once
	done func(seen []byte, n int64, err error)
}

func (b *recordedReader) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.n += int64(n)
	b.seen = append(b.seen, p[:min(n, maxRecorded-len(b.seen))]...)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

func (b *recordedReader) Close() error {
	err := b.ReadCloser.Close()
	b.once.Do(func() { b.done(b.seen, b.n, b.err) })
	return err
}
