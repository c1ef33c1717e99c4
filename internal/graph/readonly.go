package graph

import (
	"errors"
	"fmt"
	"net/http"
)

// ReadOnly wraps a transport so that nothing but GET and HEAD can leave: what makes a plan unable to write.
func ReadOnly(next http.RoundTripper) http.RoundTripper { return readOnly{next} }

var errReadOnly = errors.New("refused: this command sends nothing")

type readOnly struct{ next http.RoundTripper }

// CloseIdleConnections is what http.Client looks for in a transport.
func (r readOnly) CloseIdleConnections() { closeIdle(r.next) }

func (r readOnly) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		if req.Body != nil {
			req.Body.Close()
		}
		return nil, fmt.Errorf("%s %s %w", req.Method, req.URL.Path, errReadOnly)
	}
	return r.next.RoundTrip(req)
}
