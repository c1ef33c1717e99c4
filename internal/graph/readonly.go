package graph

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
)

// maxReading is how many bytes the body of a $batch of readings may have.
const maxReading = 4 << 20

// ReadOnly wraps a transport so that nothing can leave but GET, HEAD, and a $batch that holds nothing but GET: what makes a
// plan unable to write.
func ReadOnly(next http.RoundTripper) http.RoundTripper { return readOnly{next} }

var errReadOnly = errors.New("refused: this command sends nothing")

type readOnly struct{ next http.RoundTripper }

// CloseIdleConnections is what http.Client looks for in a transport.
func (r readOnly) CloseIdleConnections() {
	if next, ok := r.next.(interface{ CloseIdleConnections() }); ok {
		next.CloseIdleConnections()
	}
}

func (r readOnly) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method == http.MethodGet || req.Method == http.MethodHead {
		return r.next.RoundTrip(req)
	}
	var body []byte
	var err error
	if req.Body != nil {
		defer req.Body.Close()
		body, err = io.ReadAll(io.LimitReader(req.Body, maxReading+1))
	}
	if err != nil || req.Method != http.MethodPost || !strings.HasSuffix(req.URL.Path, "/$batch") || !readsOnly(body) {
		return nil, fmt.Errorf("%s %s %w", req.Method, req.URL.Path, errReadOnly)
	}
	// What leaves is what was read.
	read := req.Clone(req.Context())
	read.Body, read.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return r.next.RoundTrip(read)
}

// readsOnly reports whether the body of a $batch holds GET items and nothing else. It takes no name twice, in another case or
// that it does not know, since the service might read such a body in another way.
func readsOnly(body []byte) bool {
	var envelope struct {
		Requests []struct {
			ID     string `json:"id"`
			Method string `json:"method"`
			URL    string `json:"url"`
		} `json:"requests"`
	}
	if len(body) > maxReading || json.Unmarshal(body, &envelope, json.RejectUnknownMembers(true)) != nil {
		return false
	}
	for _, item := range envelope.Requests {
		if item.Method != http.MethodGet {
			return false
		}
	}
	return len(envelope.Requests) > 0
}
